// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An e-mail address to which a code can be sent.
struct MailAddress: Sendable {
    let text: String
    private let local: String
    private let domain: String

    /// The address of a user; nil if there is none, or if it has not been verified.
    ///
    /// Both are where the claims of OpenID Connect come from: `data` of the user's document, or else its `email`.
    init?(of user: User) {
        let data = user.document["data"]
        guard data?["email_verified"] == true, let text = (data?["email"] ?? user.document["email"])?.string else {
            return nil
        }
        self.init(text)
    }

    /// Nil for a string that a mail gateway could take for something else than one address.
    init?(_ text: String) {
        let halves = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty }), text.utf8.count <= 254,
            text.unicodeScalars.allSatisfy(MailAddress.isPlain)
        else { return nil }
        self.text = text
        (local, domain) = (String(Substring(halves[0])), String(Substring(halves[1])))
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .unassigned: false
        default: !#",;:<>()[]"\"#.unicodeScalars.contains(scalar)
        }
    }

    /// The address as a page shows it: its owner recognizes it, and nobody else learns it.
    var masked: String {
        "\(local.count > 1 ? String(local.prefix(1)) : "")•••@\(domain)"
    }
}
