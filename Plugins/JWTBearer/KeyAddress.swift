// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The address of the key set of an issuer.
struct KeyAddress: SettingValue {
    static let none = KeyAddress(url: nil)

    static var expectation: String { "an https URL (http only on 127.0.0.1, [::1] or localhost)" }

    /// The URL; nil if the configuration has none.
    let url: String?

    private init(url: String?) {
        self.url = url
    }

    init?(setting: JSON) {
        guard let text = setting.string else { return nil }
        guard !text.isEmpty else {
            self = KeyAddress.none
            return
        }
        guard let address = try? WebAddress(text), address.host != nil, address.isSecure || address.isOnThisMachine
        else { return nil }
        url = text
    }

    var setting: JSON { .string(url ?? "") }
}
