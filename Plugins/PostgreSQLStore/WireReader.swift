// SPDX-License-Identifier: Apache-2.0

/// Reads values in PostgreSQL's binary format.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// A whole number of eight bytes; nil if the value has another length.
    static func integer(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count == 8 else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }

    /// A Boolean; nil if the value is none.
    static func boolean(_ bytes: [UInt8]) -> Bool? {
        guard bytes.count == 1, let first = bytes.first, first <= 1 else { return nil }
        return first == 1
    }

    /// The elements of an array of one dimension without NULL; nil for any other value.
    static func byteArrays(_ bytes: [UInt8]) -> [[UInt8]]? {
        var reader = WireReader(bytes)
        guard let dimensions = reader.number(), let hasNull = reader.number(), reader.number() != nil else {
            return nil
        }
        guard dimensions != 0 else { return [] }
        guard dimensions == 1, hasNull == 0, let count = reader.number(), count >= 0, reader.number() != nil else {
            return nil
        }
        var elements: [[UInt8]] = []
        for _ in 0..<count {
            guard let length = reader.number(), let element = reader.take(length) else { return nil }
            elements.append(element)
        }
        return elements
    }

    private mutating func number() -> Int? {
        take(4).map { Int($0.reduce(into: Int32(0)) { $0 = $0 << 8 | Int32($1) }) }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
