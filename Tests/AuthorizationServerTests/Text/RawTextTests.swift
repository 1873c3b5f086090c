// SPDX-License-Identifier: Apache-2.0

import OutsideText
import Support
import Testing

@Suite("Text from outside is bytes", .timeLimit(.minutes(10)))
struct RawTextTests {
    @Test("and is split, cut and searched at bytes, whatever their neighbours are", arguments: Hostile.marks)
    func splits(_ mark: String) {
        let text = "\(mark),\(mark);\(mark)=\(mark)".raw
        #expect(text.split(at: ",").count == 2)
        #expect(text.cut(at: ",")?.before == mark.raw)
        #expect(text.cut(atLast: "=")?.behind == mark.raw)
        #expect(text.up(to: ",") == mark.raw)
        #expect(text.contains(",\(mark);") && text.cut(at: ";\(mark)")?.behind == "=\(mark)".raw)
        #expect("\(mark)'\(mark)'".raw.replacing("'", with: "").utf8.elementsEqual("\(mark)\(mark)".utf8))
        #expect("x\(mark)".raw.starts(with: "x") && "\(mark)x".raw.ends(with: "x"))
    }

    @Test("and equals only text with the same bytes")
    func compares() {
        let same = [("K", "\u{212A}"), (";", "\u{37E}"), ("`", "\u{1FEF}"), ("\u{E9}", "e\u{301}")]
        for (left, right) in same {
            #expect(left == right, "Swift takes them for one")
            #expect(left.raw != right.raw && !left.raw.isWord(right) && !left.raw.starts(with: right))
            #expect(Set([left.raw, right.raw]).count == 2)
        }
        #expect("BASIC".raw.isWord("Basic") && !"Basi\u{212A}".raw.isWord("Basik"))
        #expect("\u{C4}K".raw.lowercased() == "\u{C4}k")
    }

    @Test("and is limited to a number of bytes, never within a code point", arguments: Hostile.marks)
    func bounds(_ mark: String) {
        let text = String(repeating: "a\(mark)", count: 50)
        for length in 0...(text.utf8.count + 1) {
            let cut = text.raw.prefix(length)
            #expect(cut.count <= length && cut.count > min(length, text.utf8.count) - 4)
            #expect(text.utf8.starts(with: cut.bytes) && String(validating: cut.bytes, as: UTF8.self) != nil)
        }
    }

    @Test("and is trimmed of spaces and tabs at its ends only")
    func trims() {
        #expect(" \t a b\t ".raw.trimmed() == "a b")
        #expect("   ".raw.trimmed().isEmpty && "".raw.trimmed().isEmpty)
        #expect("\u{A0}a\u{2028}".raw.trimmed() == "\u{A0}a\u{2028}")
    }
}
