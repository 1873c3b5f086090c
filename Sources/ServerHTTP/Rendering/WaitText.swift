// SPDX-License-Identifier: Apache-2.0

/// Formats waiting times: in seconds below one minute, otherwise in minutes, rounded up.
enum WaitText {
    /// Formats a waiting time.
    ///
    /// - Parameters:
    ///   - seconds: The waiting time in seconds.
    ///   - texts: The strings of the page's language.
    /// - Returns: The text, such as "Try again in 2 minutes."; nil if the catalogue has none.
    static func text(_ seconds: Int64, _ texts: [String: String]) -> String? {
        let isShort = seconds < 60
        let number = isShort ? max(1, seconds) : seconds / 60 + (seconds % 60 == 0 ? 0 : 1)
        let key = isShort ? "wait_second" : "wait_minute"
        let text = number == 1 ? texts[key] : texts["\(key)s"]
        return text.map { Placeholders.fill($0, ["number": "\(number)"]) }
    }
}
