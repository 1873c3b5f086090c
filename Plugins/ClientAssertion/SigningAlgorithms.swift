// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Names of signature algorithms; any other name is a mistake in the configuration.
struct SigningAlgorithms: SettingValue {
    /// The asymmetric ones (RFC 7518 section 3.1, RFC 8037 section 3.1), the best first.
    static let asymmetric = SigningAlgorithms(names: [
        "EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
    ])
    /// Those with a shared secret.
    static let symmetric = SigningAlgorithms(names: ["HS256", "HS384", "HS512"])
    /// No names, for a client that does not restrict them.
    static let any = SigningAlgorithms(names: [])

    private static var known: [String] { asymmetric.names + symmetric.names }
    static var expectation: String { "one or several of \(known.joined(separator: ", "))" }

    let names: [String]

    private init(names: [String]) {
        self.names = names
    }

    init?(setting: JSON) {
        guard let names = [String](setting: setting), names.allSatisfy({ SigningAlgorithms.known.contains($0) }) else {
            return nil
        }
        self.names = names
    }

    var setting: JSON { .strings(names) }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// Those of the names that a client may use too.
    func restricted(to others: SigningAlgorithms) -> [String] {
        others.names.isEmpty ? names : names.filter(others.contains)
    }
}
