// SPDX-License-Identifier: Apache-2.0

/// A configuration file with its text, for messages that quote it.
public struct SourceFile: Sendable {
    /// The name that messages use.
    public let name: String
    let root: Node?
    private let lines: [String]
    /// Lines that hold a secret, or may hold one.
    private let hidden: Set<Int>

    static func parse(_ bytes: [UInt8], name: String) -> (file: SourceFile, error: YAMLError?) {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            let error = YAMLError(message: "the file is not UTF-8 text", note: nil, mark: Mark(line: 0, column: 0))
            return (SourceFile(name: name, root: nil, text: ""), error)
        }
        do {
            return (SourceFile(name: name, root: try YAMLComposer.compose(bytes), text: text), nil)
        } catch let error as YAMLError {
            // Without a tree nobody knows which lines hold a secret, so none is quoted.
            return (SourceFile(name: name, root: nil, text: ""), error)
        } catch {
            return (SourceFile(name: name, root: nil, text: ""), nil)
        }
    }

    private init(name: String, root: Node?, text: String) {
        self.name = name
        self.root = root
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
        hidden = root.map(Sensitive.lines) ?? []
    }

    func quotable(_ line: Int) -> String? {
        lines.indices.contains(line) && !hidden.contains(line) ? lines[line] : nil
    }

    /// Where a path leads, or where it ends to exist.
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

    /// A block value ends lines below its key, so its key stands for it.
    private static func shown(_ node: Node, _ entry: Node.Entry) -> (start: Mark, end: Mark) {
        node.start.line == entry.keyStart.line ? (node.start, node.end) : (entry.keyStart, entry.keyEnd)
    }
}

/// Knows which keys lead to secrets, misspelled ones included.
enum Sensitive {
    private static let words = ["secret", "password", "passphrase", "credential"]

    static func isKey(_ key: String) -> Bool {
        let key = key.lowercased()
        return words.contains { word in
            key.contains(word) || Suggestion.distance(Array(key), Array(word)) <= 2
        } || key.contains("passw") || key.hasSuffix("_key") || key == "pem" || key == "signing"
    }

    static func lines(_ node: Node) -> Set<Int> {
        switch node.content {
        case .scalar: []
        case .sequence(let elements): elements.reduce(into: []) { $0.formUnion(lines($1)) }
        case .mapping(let entries):
            entries.reduce(into: []) { lines, entry in
                if isKey(entry.key) {
                    lines.formUnion(entry.keyStart.line...max(entry.keyStart.line, entry.value.end.line))
                } else {
                    lines.formUnion(self.lines(entry.value))
                }
            }
        }
    }
}
