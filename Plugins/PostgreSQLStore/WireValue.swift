// SPDX-License-Identifier: Apache-2.0

/// A parameter in PostgreSQL's binary format.
enum WireValue: Sendable {
    case bytes([UInt8])
    case integer(Int64)
    case boolean(Bool)
    case text(String)
    case byteArrays([[UInt8]])
    case integers([Int64])
    case booleans([Bool])

    /// The bytes of the text in UTF-8, for a column that may contain NUL.
    static func utf8(_ text: String) -> WireValue { .bytes(Array(text.utf8)) }

    /// PostgreSQL's number of the type, which is the same in every version (`pg_type.dat`).
    var type: UInt32 {
        switch self {
        case .boolean: 16
        case .bytes: 17
        case .integer: 20
        case .text: 25
        case .booleans: 1000
        case .byteArrays: 1001
        case .integers: 1016
        }
    }

    var encoded: [UInt8] {
        switch self {
        case .bytes(let bytes): bytes
        case .integer(let number): WireValue.bigEndian(number)
        case .boolean(let flag): [flag ? 1 : 0]
        case .text(let text): Array(text.utf8)
        case .byteArrays(let elements): WireValue.array(elements, of: 17)
        case .integers(let numbers): WireValue.array(numbers.map { WireValue.bigEndian($0) }, of: 20)
        case .booleans(let flags): WireValue.array(flags.map { [$0 ? 1 : 0] }, of: 16)
        }
    }

    private static func array(_ elements: [[UInt8]], of type: UInt32) -> [UInt8] {
        // The dimensions, whether there is a NULL, the type, and for each dimension its length and first index.
        var bytes = bigEndian(Int32(elements.isEmpty ? 0 : 1)) + bigEndian(Int32(0)) + bigEndian(type)
        guard !elements.isEmpty else { return bytes }
        bytes += bigEndian(Int32(truncatingIfNeeded: elements.count)) + bigEndian(Int32(1))
        for element in elements {
            bytes += bigEndian(Int32(truncatingIfNeeded: element.count))
            bytes += element
        }
        return bytes
    }

    private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
