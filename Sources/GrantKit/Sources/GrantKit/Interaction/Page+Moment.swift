// SPDX-License-Identifier: Apache-2.0

extension Page {
    /// A time as a value of a page.
    ///
    /// The server formats it in the language of the page, and in the user's time zone if the user's document has one.
    /// Show it in a template with `<time datetime="{{value.machine}}">{{value.text}}</time>`.
    ///
    /// - Parameter moment: The time.
    /// - Returns: The value.
    public static func moment(_ moment: Timestamp) -> JSON {
        ["moment": .integer(moment.seconds)]
    }
}
