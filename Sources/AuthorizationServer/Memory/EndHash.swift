// SPDX-License-Identifier: Apache-2.0

/// The hash of the id of a tombstone, in 96 bits that nobody outside of this process can compute.
struct EndHash: Equatable {
    let high: UInt64
    let low: UInt32

    init(high: UInt64, low: UInt32) {
        (self.high, self.low) = (high, low)
    }

    init(_ id: String) {
        // Safe: the bytes are read only while the string exists. Strings themselves hash by Unicode, not by bytes.
        var (hasher, id) = (Hasher(), id)
        id.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        var second = hasher
        second.combine(1 as UInt8)
        high = UInt64(bitPattern: Int64(hasher.finalize()))
        low = UInt32(truncatingIfNeeded: second.finalize())
    }
}
