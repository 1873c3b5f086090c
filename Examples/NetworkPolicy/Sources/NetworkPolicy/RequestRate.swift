// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A number of requests within a time, such as `60/m`.
struct RequestRate: SettingValue, CustomStringConvertible {
    static let expectation = "a number of requests a second, minute or hour, such as 5/s, 60/m or 1000/h, or unlimited"
    static let unlimited = RequestRate(count: .max, span: .zero, description: "unlimited")

    let count: Int64
    let span: Duration
    let description: String

    private init(count: Int64, span: Duration, description: String) {
        (self.count, self.span, self.description) = (count, span, description)
    }

    init?(setting: JSON) {
        guard let text = setting.string else { return nil }
        if text == RequestRate.unlimited.description {
            self = .unlimited
            return
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].allSatisfy({ 0x30...0x39 ~= $0 }),
            let count = Int64(Substring(parts[0])), 1...1_000_000 ~= count
        else { return nil }
        let spans: [String: Duration] = ["s": .seconds(1), "m": .seconds(60), "h": .seconds(3600)]
        guard let span = spans[String(decoding: parts[1], as: UTF8.self)] else { return nil }
        self.init(count: count, span: span, description: text)
    }

    var setting: JSON { .string(description) }
}
