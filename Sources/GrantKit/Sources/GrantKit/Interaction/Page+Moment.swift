// SPDX-License-Identifier: Apache-2.0

extension Page {
    /// A moment as a value of a page.
    ///
    /// The server writes it in the language of the page, and in the user's time zone if the account has one. A template
    /// shows it as `<time datetime="{{value.machine}}">{{value.text}}</time>`.
    public static func moment(_ moment: Timestamp) -> JSON {
        ["moment": .integer(moment.seconds)]
    }
}
