// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The parameters of a request, checked against what a plugin declares.
struct TestParameters {
    let declarations: [ParameterDeclaration]

    /// The first declaration of each name, which is the one that counts.
    static func distinct(_ declarations: [ParameterDeclaration]) -> [ParameterDeclaration] {
        declarations.reduce(into: []) { all, declaration in
            if !all.contains(where: { $0.name == declaration.name }) { all.append(declaration) }
        }
    }

    /// The declared parameters; all others are dropped.
    ///
    /// - Throws: `OAuthError` `invalid_request` if a parameter is missing, repeated or too long.
    func accept(_ parameters: Parameters, reader: String) throws -> Parameters {
        var accepted: [(name: String, value: String)] = []
        for declaration in declarations {
            let values = parameters.values(declaration.name).filter { !$0.isEmpty }
            guard values.count < 2 || declaration.isRepeatable else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' is repeated")
            }
            guard values.allSatisfy({ $0.utf8.count <= declaration.longest }) else {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' is too long")
            }
            if declaration.isRequired, values.isEmpty {
                throw OAuthError(.invalidRequest, "the parameter '\(declaration.name)' is missing")
            }
            accepted += values.map { (declaration.name, $0) }
        }
        return Parameters(accepted)
    }
}
