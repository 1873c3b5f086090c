// SPDX-License-Identifier: Apache-2.0

/// A value of a YAML document, with its place in the file.
public struct Node: Sendable {
    /// The content of a value.
    public indirect enum Content: Sendable {
        /// A scalar, and whether it was written without quotes.
        case scalar(String, isPlain: Bool)
        /// A list.
        case sequence([Node])
        /// A mapping, in the order of the file.
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
    /// The number of nodes, including the node itself; an alias counts as the nodes that it refers to.
    var count: Int
    /// The number of levels below the node; an alias counts as the levels that it refers to.
    var depth = 0
    /// The lines that an alias refers to.
    var definition: ClosedRange<Int>?

    /// The last line with content of the node; the end mark of a block is where the next value begins.
    var lastLine: Int {
        switch content {
        case .scalar: end.column == 0 && end.line > start.line ? end.line - 1 : end.line
        case .sequence(let elements): elements.reduce(start.line) { max($0, $1.lastLine) }
        case .mapping(let entries): entries.reduce(start.line) { max($0, $1.value.lastLine) }
        }
    }
}
