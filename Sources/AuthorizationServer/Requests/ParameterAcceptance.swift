// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// The parameters that one kind of request accepts, collected from their declarations when the generation is built.
struct ParameterAcceptance: Sendable {
    /// An array, because with so few of them a linear search is faster than hashing a name.
    private let declarations: [ParameterDeclaration]
    private let required: [String]
    /// The names of the secrets with which the caller proves who it is.
    private let proofs: [String]
    private let secrets: [String]

    /// The names of the parameters.
    var names: [String] { declarations.map(\.name) }

    /// The parameters that the core reads in every request of a client.
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
        proofs = credentials.filter(\.isSecret).map(\.name)
        secrets = self.declarations.filter(\.isSecret).map(\.name)
    }

    /// Returns the declared parameters; all others are dropped (RFC 6749 section 3.2).
    ///
    /// - Throws: `OAuthError` `invalid_request` if a parameter is missing, repeated or too long.
    func accept(_ parameters: Parameters) throws -> Parameters {
        var seen: [Int] = []
        var accepted: [(name: String, value: String)] = []
        for parameter in parameters.all {
            guard let place = declarations.firstIndex(where: { $0.name == parameter.name }) else { continue }
            let declaration = declarations[place]
            guard !seen.contains(place) || declaration.isRepeatable else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' is repeated")
            }
            seen.append(place)
            guard parameter.value.utf8.count <= declaration.longest else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' is too long")
            }
            // RFC 6749 section 3.2: a parameter without a value counts as omitted.
            if !parameter.value.isEmpty { accepted.append(parameter) }
        }
        var result = Parameters(accepted)
        result.secrets = secrets
        for name in required { _ = try result.required(name) }
        return result
    }

    /// The parameters without the secrets of the caller, which nobody needs once they have been checked.
    func withoutProofs(_ parameters: Parameters) -> Parameters {
        guard parameters.all.contains(where: { proofs.contains($0.name) }) else { return parameters }
        var others = Parameters(parameters.all.filter { !proofs.contains($0.name) })
        others.secrets = parameters.secrets
        return others
    }
}
