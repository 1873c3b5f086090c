// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Testing

@Suite("Strings compare by their bytes in files that import the kit")
struct StringEqualityTests {
    /// Every character of the first planes whose normal forms have different bytes, paired with those forms, within a
    /// word.
    static let pairs: [(String, String)] = (0x80...0x2FFFF).compactMap(Unicode.Scalar.init).flatMap { scalar in
        let text = "a\(Character(scalar))b"
        let forms = [text.decomposedStringWithCanonicalMapping, text.precomposedStringWithCanonicalMapping]
        return forms.filter { !$0.utf8.elementsEqual(text.utf8) }.map { (text, $0) }
    }

    /// The standard library's comparison, which generic code uses.
    private static func isAlike<Value: Equatable>(_ left: Value, _ right: Value) -> Bool { left == right }

    @Test("so canonical equivalents differ in every comparison that an author would write")
    func equivalents() {
        #expect(StringEqualityTests.pairs.count > 2000)
        for (left, right) in StringEqualityTests.pairs {
            let (perhaps, other): (String?, String?) = (left, right)
            let found = [
                left == right, perhaps == right, left == other, perhaps == other, [left].contains(right),
                [left].contains { $0 == right }, Set([left]).contains(right), [left].first == right,
                [left].filter([right].contains).count == 1, !(left != right), !(perhaps != right), !(perhaps != other),
            ]
            let isWrong = found.contains(true) || !StringEqualityTests.isAlike(left, right)
            #expect(!isWrong, "\(left.unicodeScalars.map(\.value)) \(right.unicodeScalars.map(\.value)): \(found)")
        }
    }

    @Test("and strings with the same bytes are equal", arguments: ["", "K", "\u{212A}", "e\u{301}", "client-1"])
    func same(_ text: String) {
        let copy = String(decoding: Array(text.utf8), as: UTF8.self)
        let perhaps: String? = copy
        #expect(text == copy && !(text != copy) && text == perhaps && !(perhaps != copy))
        #expect([text].contains(copy) && Set([text]).contains(copy) && perhaps != nil && perhaps != "x")
    }

    @Test("literals compare so too")
    func literals() {
        let kelvin = "\u{212A}"
        #expect(!(kelvin == "K") && kelvin != "K" && !["K"].contains(kelvin) && ![kelvin].contains("K"))
    }

    @Test("and so do the kit's values that contain identifiers")
    func values() {
        for (left, right) in StringEqualityTests.pairs {
            let equal = [
                StoreKey("c", left) == StoreKey("c", right), Subject.user(left) == .user(right),
                JSON.string(left) == .string(right), JSON.Member(left, 1) == JSON.Member(right, 1),
                Scope([left]).contains(right), Scope([left, right]).words.count == 1,
            ]
            #expect(!equal.contains(true), "\(left.unicodeScalars.map(\.value)): \(equal)")
        }
    }
}
