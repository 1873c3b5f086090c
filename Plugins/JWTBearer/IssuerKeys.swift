// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The public keys of an issuer in the configuration.
struct IssuerKeys: SettingValue {
    static let none = IssuerKeys(keySet: nil)

    static var expectation: String { "a key set with public keys: { keys: [...] } (RFC 7517 section 5)" }

    /// The key set; nil if the configuration has none.
    let keySet: JSON?

    private init(keySet: JSON?) {
        self.keySet = keySet
    }

    init?(setting: JSON) {
        guard case .object(let members) = setting else { return nil }
        guard !members.isEmpty else {
            self = IssuerKeys.none
            return
        }
        guard case .array(let keys) = setting["keys"], !keys.isEmpty else { return nil }
        keySet = setting
    }

    var setting: JSON { keySet ?? [:] }
}
