// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The methods of the plugin (OpenID Connect Core section 9).
struct AssertionMethods: SettingValue {
    /// The client signs with its private key.
    static let key = "private_key_jwt"
    /// The client uses its secret as the key of a message authentication code.
    static let secret = "client_secret_jwt"
    static let usual = AssertionMethods(names: [key])

    static var expectation: String { "one or both of \(key) and \(secret)" }

    let names: [String]

    private init(names: [String]) {
        self.names = names
    }

    init?(setting: JSON) {
        guard let names = [String](setting: setting), !names.isEmpty,
            names.allSatisfy({ $0 == AssertionMethods.key || $0 == AssertionMethods.secret })
        else { return nil }
        self.names = names
    }

    var setting: JSON { .strings(names) }

    var hasKey: Bool { names.contains(AssertionMethods.key) }
    var hasSecret: Bool { names.contains(AssertionMethods.secret) }
}
