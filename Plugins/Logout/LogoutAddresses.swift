// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client's URL that this server calls or a browser loads on its behalf: https, or http on the same machine.
struct CallbackAddress: SettingValue {
    static let expectation =
        "an https URL (http only on 127.0.0.1, [::1] or localhost) without a fragment and without 'iss' or 'sid' in its query"

    /// The parameters that the server adds to the URL of a frame (Front-Channel Logout section 2).
    private static let added = ["iss", "sid"]

    /// The URL; nil if the client has not registered one.
    let address: WebAddress?

    init() { address = nil }

    init?(setting: JSON) {
        guard let address = setting.string.flatMap({ try? WebAddress($0) }),
            address.host != nil, address.isSecure || address.isOnThisMachine,
            !address.parameters.contains(where: CallbackAddress.added.contains)
        else { return nil }
        self.address = address
    }

    var setting: JSON { .string(address?.text ?? "") }
}

/// The URLs to which browsers may be redirected after a logout, compared byte for byte (RP-Initiated Logout section 3).
struct ReturnAddresses: SettingValue {
    static let expectation =
        "a list of absolute URLs without a fragment and without 'state' in the query, which the server adds; a custom "
        + "scheme must have a dot, as in com.example.app"

    let all: [WebAddress]

    init() { all = [] }

    init?(setting: JSON) {
        guard let addresses = try? [String](setting: setting)?.map({ try WebAddress($0) }),
            !addresses.contains(where: { $0.parameters.contains("state") })
        else { return nil }
        all = addresses
    }

    var setting: JSON { .strings(all.map(\.text)) }
}
