// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A string literal in a source file, parsed by Swift's rules.
struct SwiftLiteral {
    let line: Int
    /// The text between the interpolations, with escapes resolved.
    let parts: [String]

    /// The whole text of a literal without interpolations.
    var whole: String? { parts.count == 1 ? parts[0].trimmingCharacters(in: .whitespacesAndNewlines) : nil }

    /// The words of the text, which consist of letters, digits, '-', '_' and ':'.
    var words: [String] {
        parts.flatMap { part in
            part.split { !($0.isLetter || $0.isNumber || "-_:".contains($0)) }
                .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "-_:")) }
        }
    }

    static func all(in source: String) throws -> [SwiftLiteral] {
        var reader = SwiftLiteralReader(source)
        try reader.readCode(inInterpolation: false)
        return reader.literals.sorted { $0.line < $1.line }
    }
}

/// Skips code and comments from literal to literal.
private struct SwiftLiteralReader {
    struct Unreadable: Error, CustomStringConvertible {
        let line: Int
        var description: String { "line \(line): not a string literal that the test can read" }
    }

    let bytes: [UInt8]
    var index = 0
    var literals: [SwiftLiteral] = []

    /// The place up to which lines have been counted.
    private var counted = (index: 0, line: 1)

    init(_ source: String) { bytes = Array(source.utf8) }

    private mutating func line() -> Int {
        let end = min(index, bytes.count)
        counted = (end, counted.line + bytes[counted.index..<end].count { $0 == UInt8(ascii: "\n") })
        return counted.line
    }

    private func isNext(_ text: String, after offset: Int = 0) -> Bool {
        bytes.dropFirst(index + offset).starts(with: text.utf8)
    }

    private mutating func skip(_ text: String) -> Bool {
        guard isNext(text) else { return false }
        index += text.utf8.count
        return true
    }

    /// Reads to the end, or to the parenthesis that closes an interpolation.
    mutating func readCode(inInterpolation: Bool) throws {
        var depth = 0
        while index < bytes.count {
            if skip("//") {
                while index < bytes.count, !isNext("\n") { index += 1 }
            } else if skip("/*") {
                try skipComment()
            } else if let hashes = hashesOfLiteral {
                try readLiteral(hashes)
            } else {
                if isNext("(") { depth += 1 }
                if isNext(")") { depth -= 1 }
                index += 1
                if inInterpolation, depth < 0 { return }
            }
        }
        if inInterpolation { throw Unreadable(line: line()) }
    }

    /// Skips a comment, which may contain comments.
    private mutating func skipComment() throws {
        while !skip("*/") {
            guard index < bytes.count else { throw Unreadable(line: line()) }
            if skip("/*") { try skipComment() } else { index += 1 }
        }
    }

    /// The number of '#' before a quotation mark; nil if no literal begins here.
    private var hashesOfLiteral: String? {
        let count = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        return isNext("\"", after: count) ? String(repeating: "#", count: count) : nil
    }

    private mutating func readLiteral(_ hashes: String) throws {
        let start = line()
        index += hashes.utf8.count
        let isLong = isNext("\"\"\"") && bytes[(index + 3)...].first { $0 != UInt8(ascii: " ") } == UInt8(ascii: "\n")
        let mark = isLong ? "\"\"\"" : "\""
        index += mark.utf8.count
        var (parts, part): ([String], [UInt8]) = ([], [])
        while !skip(mark + hashes) {
            guard index < bytes.count, isLong || !isNext("\n") else { throw Unreadable(line: start) }
            if skip("\\" + hashes) {
                guard !skip("(") else {
                    parts.append(String(decoding: part, as: UTF8.self))
                    part = []
                    try readCode(inInterpolation: true)
                    continue
                }
                part += try readEscape()
            } else {
                part.append(bytes[index])
                index += 1
            }
        }
        literals.append(SwiftLiteral(line: start, parts: parts + [String(decoding: part, as: UTF8.self)]))
    }

    private mutating func readEscape() throws -> [UInt8] {
        if skip("u{") {
            let digits = bytes[index...].prefix { $0 != UInt8(ascii: "}") }
            index += digits.count + 1
            guard let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw Unreadable(line: line()) }
            return Array(String(Character(scalar)).utf8)
        }
        let escapes = ["n": "\n", "t": "\t", "r": "\r", "0": "\0", "\"": "\"", "'": "'", "\\": "\\"]
        if let escape = escapes.first(where: { isNext($0.key) }) {
            index += 1
            return Array(escape.value.utf8)
        }
        // The end of a continued line, which may have trailing spaces.
        while skip(" ") {}
        guard skip("\n") else { throw Unreadable(line: line()) }
        while skip(" ") {}
        return []
    }
}
