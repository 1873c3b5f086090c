// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The nesting that the parser accepts unless told otherwise.
    public static let deepest = 32

    /// Parses JSON in UTF-8 strictly: one value, no duplicate member names, bounded depth (RFC 8259, RFC 7493).
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - depth: How many arrays and objects may be nested.
    /// - Throws: `JSONError`.
    public init(parsing bytes: some Sequence<UInt8>, depth: Int = JSON.deepest) throws {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document(depth: depth)
    }

    /// Parses JSON text with the same rules.
    ///
    /// - Throws: `JSONError`.
    public init(parsing text: String, depth: Int = JSON.deepest) throws {
        try self.init(parsing: text.utf8, depth: depth)
    }
}
