// SPDX-License-Identifier: Apache-2.0

/// A place in a file, counted from 0.
public struct Mark: Sendable, Hashable {
    var line: Int
    var column: Int
}

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

    subscript(key: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}
