// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A value that can cross to a plugin in another process.
///
/// A form is an object. A reader ignores members that it does not know, so new members do not change the version.
protocol JSONForm: Sendable {
    init(form: JSON) throws
    var form: JSON { get }
}

/// A form that cannot be read.
struct FormError: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// What crosses: a value or a refusal, with the version of all forms.
enum JSONFrame {
    /// Changes when a reader that does not know a member would do something else than was meant.
    static let version: Int64 = 1

    static func text(_ form: JSON) -> String {
        JSON.object([.init("v", .integer(version)), .init("value", form)]).text
    }

    static func text(_ error: OAuthError) -> String {
        JSON.object([.init("v", .integer(version)), .init("error", error.form)]).text
    }

    /// The value of a frame.
    ///
    /// - Throws: The refusal that crossed; `FormError` for another version.
    static func value(_ text: String) throws -> JSON {
        let frame = try JSON(parsing: text)
        guard frame["v"]?.integer == version else { throw FormError("the frame is of another version") }
        if let error = frame["error"] { throw try OAuthError(form: error) }
        guard let value = frame["value"] else { throw FormError("the frame is empty") }
        return value
    }
}
