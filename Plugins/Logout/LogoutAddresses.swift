// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An address of a client that this server, or a browser on its behalf, calls; https, or http on the same machine.
struct CallbackAddress: SettingValue {
    static let expectation =
        "an https address without a fragment (http on 127.0.0.1, [::1] or localhost alone), with neither 'iss' nor 'sid' in its query"

    /// What the server adds to an address in a frame (Front-Channel Logout section 2).
    private static let added = ["iss", "sid"]

    let text: String

    init() { text = "" }

    init?(setting: JSON) {
        guard let text = setting.string, WebAddress.isSafe(text),
            !WebAddress.parameters(of: text).contains(where: CallbackAddress.added.contains)
        else { return nil }
        self.text = text
    }

    var setting: JSON { .string(text) }
}

/// Where browsers may go after a logout, each compared byte for byte (RP-Initiated Logout section 3).
struct ReturnAddresses: SettingValue {
    static let expectation =
        "a list of absolute addresses without a fragment, and without 'state' in the query, which the server adds; "
        + "the scheme of an application is like com.example.app"

    let all: [String]

    init() { all = [] }

    init?(setting: JSON) {
        guard let texts = [String](setting: setting), texts.allSatisfy(ReturnAddresses.isAddress) else { return nil }
        all = texts
    }

    private static func isAddress(_ text: String) -> Bool {
        WebAddress.isAbsolute(text) && !WebAddress.parameters(of: text).contains("state")
    }

    var setting: JSON { .strings(all) }

    func contains(_ address: String) -> Bool {
        all.contains { $0.utf8.elementsEqual(address.utf8) }
    }
}
