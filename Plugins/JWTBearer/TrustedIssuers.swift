// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The issuers whose tokens are accepted.
struct TrustedIssuers: Sendable {
    let all: [TrustedIssuer]

    /// Takes the issuers of the configuration.
    ///
    /// - Throws: `ConfigurationError` if one is listed twice, or is this server: its tokens are for other servers.
    init(_ all: [TrustedIssuer], besides own: String) throws {
        for (number, issuer) in all.enumerated() {
            guard !all[..<number].contains(where: { $0.name == issuer.name }) else {
                throw ConfigurationError("'issuers' lists '\(issuer.name)' twice; remove one of them", at: "issuers")
            }
            guard issuer.name != own else {
                throw ConfigurationError(
                    "'issuers' lists this server itself, which must not accept its own tokens as assertions; remove it",
                    at: "issuers")
            }
        }
        self.all = all
    }

    /// The issuer that a token names; nil if it is not trusted.
    subscript(name: String?) -> TrustedIssuer? {
        name.flatMap { name in all.first { $0.name == name } }
    }

    /// The algorithms that are accepted from any of them.
    var algorithms: [String] {
        SigningAlgorithms.asymmetric.names.filter { name in all.contains { $0.algorithms.names.contains(name) } }
    }
}
