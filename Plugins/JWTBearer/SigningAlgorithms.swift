// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Names of asymmetric signature algorithms; any other name is a mistake in the configuration.
struct SigningAlgorithms: SettingValue {
    /// All of them (RFC 7518 section 3.1, RFC 8037 section 3.1), the best first.
    static let asymmetric = SigningAlgorithms(names: [
        "EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
    ])

    static var expectation: String { "one or several of \(asymmetric.names.joined(separator: ", "))" }

    let names: [String]

    private init(names: [String]) {
        self.names = names
    }

    init?(setting: JSON) {
        guard let names = [String](setting: setting), !names.isEmpty,
            names.allSatisfy({ SigningAlgorithms.asymmetric.names.contains($0) })
        else { return nil }
        self.names = names
    }

    var setting: JSON { .strings(names) }
}
