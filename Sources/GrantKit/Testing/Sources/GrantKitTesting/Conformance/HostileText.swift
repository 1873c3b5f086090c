// SPDX-License-Identifier: Apache-2.0

/// Strings that anybody can send.
enum HostileText {
    /// Each contains `mark`, so that a test can find where it comes out again.
    static let all: [String] = [
        mark, "\(mark)\u{0}", "\(mark)\r\nSet-Cookie: a=b", "\(mark)\u{600}", "\(mark)\u{301}", "\(mark)\u{200D}",
        "\(mark)\u{FE0F}", "\(mark)\u{212A}", "\(mark)\u{37E}", "\(mark)\u{1FEF}", "\(mark)\u{202E}",
        "../\(mark)", "\(mark)' OR 1=1 --", "<b>\(mark)</b>", "{{\(mark)}}", "%00\(mark)", "\(mark)\u{FFFD}",
        String(repeating: mark, count: 500), "[\(mark)", "{\"\(mark)\":", "\(mark) é😀", " \(mark) ",
        "\(mark)\u{2028}", "-\(mark)", "9223372036854775808\(mark)",
    ]
    static let mark = "strange-value"
}
