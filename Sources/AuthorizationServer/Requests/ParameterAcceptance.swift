// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The parameters that one kind of request may hold, folded from who declared them when the generation was built.
struct ParameterAcceptance: Sendable {
    /// So few that looking through them is faster than hashing a name.
    private let declarations: [ParameterDeclaration]
    private let required: [String]

    /// What the core itself reads of every request that a client makes.
    static let credentials = [
        ParameterDeclaration("client_id", longest: 256),
        ParameterDeclaration("client_secret", longest: Limit.secret, secret: true),
    ]

    init(
        _ declarations: [ParameterDeclaration], credentials: [ParameterDeclaration] = ParameterAcceptance.credentials
    ) {
        self.declarations = (declarations + credentials).reduce(into: []) { all, declaration in
            if !all.contains(where: { $0.name == declaration.name }) { all.append(declaration) }
        }
        required = declarations.filter(\.isRequired).map(\.name)
    }

    /// The declared parameters; all others are dropped (RFC 6749 section 3.2).
    ///
    /// - Throws: `OAuthError` `invalid_request` for one that is missing, repeated or too long.
    func accept(_ parameters: Parameters) throws -> Parameters {
        var seen: [Int] = []
        var accepted: [(name: String, value: String)] = []
        for parameter in parameters.all {
            guard let place = declarations.firstIndex(where: { $0.name == parameter.name }) else { continue }
            let declaration = declarations[place]
            guard !seen.contains(place) || declaration.isRepeatable else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' stands more than once")
            }
            seen.append(place)
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
