// SPDX-License-Identifier: Apache-2.0

/// Says how long to wait, in whole minutes from one minute on.
enum WaitText {
    /// The text for a wait.
    ///
    /// - Parameters:
    ///   - seconds: How long.
    ///   - texts: The texts of the page's language.
    /// - Returns: The text, such as "Try again in 2 minutes."
    static func text(_ seconds: Int64, _ texts: [String: String]) -> String? {
        let isShort = seconds < 60
        let number = isShort ? max(1, seconds) : seconds / 60 + (seconds % 60 == 0 ? 0 : 1)
        let key = isShort ? "wait_second" : "wait_minute"
        let text = number == 1 ? texts[key] : texts["\(key)s"]
        return text.map { Placeholders.fill($0, ["number": "\(number)"]) }
    }
}
