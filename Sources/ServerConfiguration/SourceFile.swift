// SPDX-License-Identifier: Apache-2.0

/// A parsed configuration file with its lines, for messages that quote them.
public struct SourceFile: Sendable {
    /// The file's name in messages.
    public let name: String
    let root: Node?
    private let lines: [String]
    /// The lines that contain or may contain a secret.
    private let hidden: Set<Int>

    static func parse(_ bytes: [UInt8], name: String) -> (file: SourceFile, error: YAMLError?) {
        // Some editors put a byte order mark before the text.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let mark = SourceFile.mark(of: SourceFile.lengthOfUTF8(bytes), in: bytes)
            return (
                SourceFile(name: name, root: nil, text: ""),
                YAMLError(message: "the file is not UTF-8 text", mark: mark)
            )
        }
        if let error = refusal(of: bytes) { return (SourceFile(name: name, root: nil, text: ""), error) }
        do {
            return (SourceFile(name: name, root: try YAMLComposer.compose(bytes), text: text), nil)
        } catch let error as YAMLError {
            // Without a tree it is unknown which lines contain secrets, so none is quoted.
            return (SourceFile(name: name, root: nil, text: ""), error)
        } catch {
            return (SourceFile(name: name, root: nil, text: ""), nil)
        }
    }

    /// Refuses control characters, and line separators that only some YAML parsers recognise, so that the text would
    /// depend on the parser.
    private static func refusal(of bytes: [UInt8]) -> YAMLError? {
        if let place = bytes.firstIndex(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) || $0 == 0x7F }) {
            return YAMLError(message: "control characters are not allowed", mark: mark(of: place, in: bytes))
        }
        let separators: [([UInt8], String)] = [
            ([0xC2, 0x85], "0085"), ([0xE2, 0x80, 0xA8], "2028"), ([0xE2, 0x80, 0xA9], "2029"),
        ]
        let found = separators.compactMap { separator, code in
            bytes.firstRange(of: separator).map { (place: $0.lowerBound, code: code) }
        }
        return found.min { $0.place < $1.place }.map { found in
            let advice = "write it as '\\u\(found.code)' in double quotes"
            return YAMLError(
                message: "the line separator U+\(found.code) must be escaped; \(advice)",
                mark: mark(of: found.place, in: bytes))
        }
    }

    /// The number of bytes before the first invalid UTF-8.
    private static func lengthOfUTF8(_ bytes: [UInt8]) -> Int {
        var (low, high) = (0, bytes.count)
        // A prefix may end within a character, so up to three bytes at its end are ignored.
        while low < high {
            let middle = (low + high + 1) / 2
            let isFine = (0...3).contains { back in
                middle >= back && String(validating: bytes.prefix(middle - back), as: UTF8.self) != nil
            }
            if isFine { low = middle } else { high = middle - 1 }
        }
        while low > 0, String(validating: bytes.prefix(low), as: UTF8.self) == nil { low -= 1 }
        return low
    }

    private static func mark(of place: Int, in bytes: [UInt8]) -> Mark {
        let before = bytes.prefix(place)
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: bytes[start..<place], as: UTF8.self).unicodeScalars.count
        return Mark(line: before.count { $0 == 0x0A }, column: column)
    }

    private init(name: String, root: Node?, text: String) {
        self.name = name
        self.root = root
        lines = root == nil ? [] : SourceFile.lines(of: text)
        hidden = root.map { Sensitive.lines($0) } ?? []
    }

    /// The lines as libyaml counts them.
    private static func lines(of text: String) -> [String] {
        var lines = [String.UnicodeScalarView()]
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r": lines.append(String.UnicodeScalarView())
            case "\u{FEFF}": break
            default: lines[lines.count - 1].append(scalar)
            }
            last = scalar
        }
        return lines.map { String($0) }
    }

    func quotable(_ line: Int) -> String? {
        guard lines.indices.contains(line), !hidden.contains(line), !Sensitive.holdsPassword(lines[line]) else {
            return nil
        }
        return lines[line]
    }

    /// The place of the value at a path, or of its nearest ancestor that exists.
    func place(of path: [PathStep], key isAtKey: Bool) -> (start: Mark, end: Mark)? {
        guard var node = root else { return nil }
        var place = (start: node.start, end: node.start)
        for (number, step) in path.enumerated() {
            switch (step, node.content) {
            case (.key(let name), .mapping(let entries)):
                guard let entry = entries.first(where: { $0.key == name }) else { return place }
                node = entry.value
                place =
                    isAtKey && number == path.count - 1
                    ? (entry.keyStart, entry.keyEnd) : SourceFile.shown(node, entry)
            case (.element(let place_), .sequence(let elements)):
                guard elements.indices.contains(place_) else { return place }
                node = elements[place_]
                place = (node.start, node.end)
            default: return place
            }
        }
        return place
    }

    /// The place to show for a value: its key, if the value is a block that starts on a later line.
    private static func shown(_ node: Node, _ entry: Node.Entry) -> (start: Mark, end: Mark) {
        if case .scalar = node.content { return (node.start, node.end) }
        return node.start.line == entry.keyStart.line ? (node.start, node.end) : (entry.keyStart, entry.keyEnd)
    }
}
