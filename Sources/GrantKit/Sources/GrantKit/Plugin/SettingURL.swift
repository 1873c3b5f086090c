// SPDX-License-Identifier: Apache-2.0

/// A URL as the value of a setting.
///
/// It is https, or http on this machine, so only its owner reads what is sent there.
struct SettingURL: SettingValue {
    static var expectation: String { "an https URL (http only on 127.0.0.1, [::1] or localhost)" }

    let address: WebAddress

    init?(setting: JSON) {
        guard let address = setting.string.flatMap({ try? WebAddress($0) }), address.host != nil,
            address.isSecure || address.isOnThisMachine
        else { return nil }
        self.address = address
    }

    var setting: JSON { .string(address.text) }
}
