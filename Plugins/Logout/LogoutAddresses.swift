// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An address of a client that this server, or a browser on its behalf, calls; https, or http on the same machine.
struct CallbackAddress: SettingValue {
    static let expectation =
        "an https address without a fragment (http on 127.0.0.1, [::1] or localhost alone), with neither 'iss' nor 'sid' in its query"

    /// What the server adds to an address in a frame (Front-Channel Logout section 2).
    private static let added = ["iss", "sid"]

    /// The address, nil of a client that registers none.
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

/// Where browsers may go after a logout, each compared byte for byte (RP-Initiated Logout section 3).
struct ReturnAddresses: SettingValue {
    static let expectation =
        "a list of absolute addresses without a fragment, and without 'state' in the query, which the server adds; "
        + "the scheme of an application is like com.example.app"

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
