// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import DeviceAuthorization

@Suite("QR codes", .timeLimit(.minutes(10)))
struct QRCodeTests {
    /// A QR code that another program has made.
    struct Example: Sendable, CustomTestStringConvertible {
        let mask: Int
        let content: String
        /// The rows, each as a hexadecimal number.
        let rows: [String]

        var testDescription: String { "\(content.utf8.count) bytes, mask \(mask)" }

        static let all: [Example] = {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let file = try? String(contentsOf: tests.appending(path: "Fixtures/qr.tsv"), encoding: .utf8)
            return (file ?? "").split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                let parts = line.components(separatedBy: "\t")
                guard parts.count == 3, let mask = Int(parts[0]) else { return nil }
                return Example(mask: mask, content: parts[1], rows: parts[2].components(separatedBy: " "))
            }
        }()
    }

    private func rows(_ code: QRCode) -> [String] {
        (0..<code.canvas.size).map { y in
            let bits = (0..<code.canvas.size).reduce(UInt64(0)) { $0 << 1 | (code.canvas.isDark($1, y) ? 1 : 0) }
            return String(bits, radix: 16)
        }
    }

    @Test("a code is the one that another program makes, module for module", arguments: Example.all)
    func modules(_ example: Example) throws {
        let code = try #require(QRCode(example.content, mask: example.mask))
        #expect(rows(code) == example.rows)
    }

    @Test("there are examples of all versions and all masks")
    func complete() {
        #expect(Set(Example.all.map(\.mask)) == Set(0..<8))
        #expect(Set(Example.all.map(\.rows.count)) == Set((1...10).map { 17 + 4 * $0 }))
    }

    @Test("the mask with the lowest penalty is used")
    func mask() throws {
        let content = "https://id.example.com/auth/device?user_code=WDJB-MJHT"
        let code = try #require(QRCode(content))
        let penalties = (0..<8).compactMap { mask in
            QRCode(content, mask: mask).map { QRPenalty(canvas: $0.canvas).total }
        }
        #expect(penalties.count == 8 && QRPenalty(canvas: code.canvas).total == penalties.min())
        // The other program chooses the same.
        #expect(code.canvas == QRCode(content, mask: 3)?.canvas)
    }

    @Test("a penalty is the sum of what the standard counts, however it is computed", arguments: Example.all)
    func penalty(_ example: Example) throws {
        let canvas = try #require(QRCode(example.content, mask: example.mask)).canvas
        let all = 0..<canvas.size
        let rows = all.map { y in all.map { x in canvas.isDark(x, y) ? "1" : "0" }.joined() }
        let columns = all.map { x in all.map { y in canvas.isDark(x, y) ? "1" : "0" }.joined() }
        var expected = 0
        for line in rows + columns {
            for run in line.matches(of: /0{5,}|1{5,}/) { expected += run.output.utf8.count - 2 }
            let bytes = Array(line.utf8)
            for start in 0...(bytes.count - 11) {
                let part = bytes[start..<start + 11]
                let isFinder = part.elementsEqual("10111010000".utf8) || part.elementsEqual("00001011101".utf8)
                if isFinder { expected += 40 }
            }
        }
        for y in all.dropFirst() {
            for x in all.dropFirst() {
                let square = [canvas.isDark(x - 1, y - 1), canvas.isDark(x - 1, y), canvas.isDark(x, y - 1)]
                if Set(square + [canvas.isDark(x, y)]).count == 1 { expected += 3 }
            }
        }
        let (dark, modules) = (canvas.modules.count { $0 }, canvas.modules.count)
        expected += abs(dark * 20 - modules * 10) / modules * 10
        #expect(QRPenalty(canvas: canvas).total == expected)
    }

    @Test("213 bytes fit, and more do not")
    func longest() {
        #expect(QRCode(String(repeating: "a", count: 213)) != nil)
        #expect(QRCode(String(repeating: "a", count: 214)) == nil)
    }

    @Test("an image has the modules of its code, with a border of four")
    func image() throws {
        let code = try #require(QRCode("hello"))
        var drawn: Set<[Int]> = []
        for run in code.svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-\d+z/) {
            let (x, y, length) = (Int(run.1) ?? 0, Int(run.2) ?? 0, Int(run.3) ?? 0)
            for place in x..<(x + length) { drawn.insert([place - 4, y - 4]) }
        }
        let dark = (0..<21).flatMap { y in (0..<21).filter { code.canvas.isDark($0, y) }.map { [$0, y] } }
        #expect(drawn == Set(dark) && code.svg.contains(#"viewBox="0 0 29 29""#))
    }
}
