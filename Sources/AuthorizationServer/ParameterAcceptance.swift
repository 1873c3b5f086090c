// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The parameters that one kind of request may hold, folded from who declared them when the generation was built.
struct ParameterAcceptance: Sendable {
    private let declarations: [String: ParameterDeclaration]
    private let required: [String]

    /// What the core itself reads of every request that a client makes.
    static let credentials = [
        ParameterDeclaration("client_id", longest: 256),
        ParameterDeclaration("client_secret", longest: Limit.secret, secret: true),
    ]

    init(
        _ declarations: [ParameterDeclaration], credentials: [ParameterDeclaration] = ParameterAcceptance.credentials
    ) {
        self.declarations = Dictionary(
            (declarations + credentials).map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        required = declarations.filter(\.isRequired).map(\.name)
    }

    /// The declared parameters; all others are dropped (RFC 6749 section 3.2).
    ///
    /// - Throws: `OAuthError` `invalid_request` for one that is missing, repeated or too long.
    func accept(_ parameters: Parameters) throws -> Parameters {
        var seen: Set<String> = []
        var accepted: [(name: String, value: String)] = []
        for parameter in parameters.all {
            guard let declaration = declarations[parameter.name] else { continue }
            guard seen.insert(parameter.name).inserted || declaration.isRepeatable else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' stands more than once")
            }
            guard parameter.value.utf8.count <= declaration.longest else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' is too long")
            }
            // RFC 6749 section 3.2: a parameter without a value is as if it had not been sent.
            if !parameter.value.isEmpty { accepted.append(parameter) }
        }
        let result = Parameters(accepted)
        for name in required { _ = try result.required(name) }
        return result
    }
}
