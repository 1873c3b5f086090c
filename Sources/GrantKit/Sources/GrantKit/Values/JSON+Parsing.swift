// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The default limit on nesting.
    public static let deepest = 32

    /// Parses JSON in UTF-8 strictly: one value, no repeated member names, limited nesting (RFC 8259, RFC 7493).
    ///
    /// - Parameters:
    ///   - bytes: The JSON.
    ///   - depth: The deepest nesting of arrays and objects.
    /// - Throws: `JSONError`.
    public init(parsing bytes: some Sequence<UInt8>, depth: Int = JSON.deepest) throws {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document(depth: depth)
    }

    /// Parses JSON in a string by the same rules.
    ///
    /// - Parameters:
    ///   - text: The JSON.
    ///   - depth: The deepest nesting of arrays and objects.
    /// - Throws: `JSONError`.
    public init(parsing text: String, depth: Int = JSON.deepest) throws {
        try self.init(parsing: text.utf8, depth: depth)
    }
}
