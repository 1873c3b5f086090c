// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Names of asymmetric signature algorithms; any other name is a mistake in the configuration.
struct SigningAlgorithms: SettingValue {
    /// All names (RFC 7518 section 3.1, RFC 8037 section 3.1), the best first.
    static let known = [
        "EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
    ]
    static let all = SigningAlgorithms(names: known)
    /// No names, for a client that does not restrict them.
    static let any = SigningAlgorithms(names: [])

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

    /// Those of the names that a client may use too.
    func restricted(to others: SigningAlgorithms) -> [String] {
        others.names.isEmpty ? names : names.filter { others.names.contains($0) }
    }
}
