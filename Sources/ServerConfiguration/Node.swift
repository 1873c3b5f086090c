// SPDX-License-Identifier: Apache-2.0

/// A value of a YAML document, with where it stands.
public struct Node: Sendable {
    /// What kind of value it is.
    public indirect enum Content: Sendable {
        /// A text, and whether it stood without quotes.
        case scalar(String, isPlain: Bool)
        /// A list.
        case sequence([Node])
        /// Keys and values, in the order in which they stand.
        case mapping([Entry])
    }

    /// A key and its value.
    public struct Entry: Sendable {
        var key: String
        var keyStart: Mark
        var keyEnd: Mark
        var value: Node
    }

    var content: Content
    var start: Mark
    var end: Mark
    /// How many nodes it holds, itself included; aliases count each time.
    var count: Int
    /// How many levels it has below itself; aliases count with all of theirs.
    var depth = 0
    /// The lines of what an alias stands for.
    var definition: ClosedRange<Int>?

    /// The last line that something of it stands on; the end mark of a block is where the next thing begins.
    var lastLine: Int {
        switch content {
        case .scalar: end.column == 0 && end.line > start.line ? end.line - 1 : end.line
        case .sequence(let elements): elements.reduce(start.line) { max($0, $1.lastLine) }
        case .mapping(let entries): entries.reduce(start.line) { max($0, $1.value.lastLine) }
        }
    }
}
