// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A mail with a code, while it waits to be sent.
struct Mail: Sendable {
    enum Language: String {
        case english = "en"
        case german = "de"
    }

    /// The id of the record with the code.
    let record: String
    /// The time at which the code was made.
    let made: Timestamp
    let recipient: String
    let code: String
    let language: Language

    // MARK: in the queue

    var json: JSON {
        [
            "record": .string(record), "made": .integer(made.seconds), "to": .string(recipient), "code": .string(code),
            "language": .string(language.rawValue),
        ]
    }

    init(record: String, made: Timestamp, recipient: String, code: String, language: Language) {
        (self.record, self.made, self.recipient, self.code) = (record, made, recipient, code)
        self.language = language
    }

    init?(_ json: JSON) {
        guard let record = json["record"]?.string, let made = json["made"]?.integer,
            let recipient = json["to"]?.string, let code = json["code"]?.string
        else { return nil }
        let language = json["language"]?.string.flatMap(Language.init(rawValue:)) ?? .english
        self.init(
            record: record, made: Timestamp(seconds: made), recipient: recipient, code: code, language: language)
    }

    // MARK: what it says

    /// The code is not in the subject, which a locked telephone may show.
    var subject: String {
        switch language {
        case .english: "Your code to sign in"
        case .german: "Ihr Code zum Anmelden"
        }
    }

    func text(issuer: String) -> String {
        switch language {
        case .english:
            """
            Your code is \(code). It is valid for ten minutes.

            Type it only on the page of \(issuer) on which you are signing in, and never tell it to anyone.

            If you are not signing in, someone knows your password. Change it now.
            """
        case .german:
            """
            Ihr Code lautet \(code). Er gilt zehn Minuten lang.

            Geben Sie ihn nur auf der Seite von \(issuer) ein, auf der Sie sich gerade anmelden, und sagen Sie ihn niemandem.

            Wenn Sie sich nicht gerade anmelden, kennt jemand Ihr Passwort. Ändern Sie es jetzt.
            """
        }
    }
}

extension Mail.Language {
    /// The first of several language tags (RFC 5646) in which there are mails, otherwise English.
    static func first(of tags: [String]) -> Mail.Language {
        for tag in tags {
            let primary = tag.utf8.prefix { $0 != UInt8(ascii: "-") }.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
            if let language = Mail.Language(rawValue: String(decoding: primary, as: UTF8.self)) { return language }
        }
        return .english
    }
}
