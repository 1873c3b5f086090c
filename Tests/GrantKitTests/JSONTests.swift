// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@Suite("RFC 8259: JSON")
struct JSONTests {
    @Test(
        "a written value is read back unchanged",
        arguments: [
            "null", "true", "[]", "{}", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5",
            #"{"b":1,"a":[true,null,"x"]}"#, #""\"\\\n\r\t\u0001é😀""#,
        ])
    func roundTrip(_ text: String) throws {
        let value = try JSON(parsing: text)
        #expect(value.text == text.replacing("\\u0001", with: "\\u0001"))
        #expect(try JSON(parsing: value.bytes) == value)
    }

    @Test("escapes are replaced by their characters")
    func escapes() throws {
        #expect(try JSON(parsing: #""\u00e9\ud83d\ude00\/\b\f""#) == .string("é😀/\u{8}\u{c}"))
    }

    @Test(
        "what RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "nul", "tru", "01", "-", "1.", ".5", "1e", "+1", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}",
            "{\"a\":1,}",
            "\"", "\"\\x\"", "\"\\u12\"", "\"\\u00g0\"", "\"\\ud800\"", "\"\\ude00\\ud800\"", "\"a\nb\"", "[", "]",
            "1 1", "'a'", "NaN", "1e999",
            #"{"a":1,"a":2}"#, "\u{FEFF}1",
        ])
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test("nesting is limited")
    func depth() throws {
        let deep = { (levels: Int) in String(repeating: "[", count: levels) + String(repeating: "]", count: levels) }
        #expect(throws: Never.self) { try JSON(parsing: deep(32)) }
        #expect(throws: JSONError.self) { try JSON(parsing: deep(33)) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func encoding() {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test("members keep their order when one is changed")
    func members() {
        var value: JSON = ["a": 1, "b": 2]
        value["a"] = 3
        value["c"] = 4
        value["b"] = nil
        #expect(value.text == #"{"a":3,"c":4}"#)
        #expect(value["b"] == nil && value.string == nil && value.elements.isEmpty)
    }

    /// Names of eleven letters, each "K" or the Kelvin sign; all of them are canonically equivalent.
    private static func alike(_ count: Int, _ kelvin: String) -> String {
        let names = (0..<count).map { number in
            (0..<11).map { number >> $0 & 1 == 0 ? "K" : kelvin }.joined()
        }
        return "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
    }

    @Test("thousands of look-alike names are distinguished about as fast as others")
    func alikeNames() throws {
        func time(_ text: String) throws -> Duration {
            let start = ContinuousClock.now
            #expect(try JSON(parsing: text).members.count == 2048)
            return ContinuousClock.now - start
        }
        let plain = try (0..<3).map { _ in try time(Self.alike(2048, "k")) }.max() ?? .zero
        let alike = try (0..<3).map { _ in try time(Self.alike(2048, "\u{212A}")) }.min() ?? .zero
        #expect(alike < plain * 20)
        #expect(throws: JSONError.self) { try JSON(parsing: "{\"K\":1,\"\u{212A}\":2,\"\u{212A}\":3}") }
    }

    @Test("a repeated member name is refused in objects of every size, and names that only look alike are different")
    func repeatedNames() throws {
        func object(_ names: [String]) -> String { "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}" }
        for count in 1...40 {
            let names = (0..<count).map { "n\($0)" }
            #expect(try JSON(parsing: object(names)).members.map(\.name) == names)
            for place in [0, count / 2, count - 1] {
                #expect(throws: JSONError.self) { try JSON(parsing: object(names + [names[place]])) }
            }
            let alike = names + ["\u{E9}", "e\u{301}"]
            #expect(try JSON(parsing: object(alike)).members.count == count + 2)
        }
    }

    @Test("members are set, replaced and removed in their order")
    func setMembers() {
        var json: JSON = ["a": 1, "b": 2]
        let before = json
        (json["c"], json["a"], json["b"], json["d"]) = (3, "x", nil, nil)
        #expect(json == ["a": "x", "c": 3] && before == ["a": 1, "b": 2])
        json = "text"
        json["a"] = 1
        #expect(json == ["a": 1])
    }

}
