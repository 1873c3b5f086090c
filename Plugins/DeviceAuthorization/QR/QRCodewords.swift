// SPDX-License-Identifier: Apache-2.0

/// The codewords of a QR code in byte mode (ISO/IEC 18004 sections 7.4 to 7.6).
enum QRCodewords {
    /// All codewords, in the order in which they are drawn.
    static func all(of bytes: [UInt8], _ version: QRVersion) -> [UInt8] {
        let data = padded(bits(of: bytes, version), to: version.capacity)
        let generator = ReedSolomon.generator(degree: version.correction)
        var blocks: [ArraySlice<UInt8>] = []
        var rest = data[...]
        for count in version.blocks {
            blocks.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return interleaved(blocks) + interleaved(blocks.map { ReedSolomon.correction(of: $0, generator)[...] })
    }

    private static func bits(of bytes: [UInt8], _ version: QRVersion) -> [Bool] {
        var bits: [Bool] = []
        func add(_ value: Int, _ count: Int) {
            for place in (0..<count).reversed() { bits.append((value >> place) & 1 == 1) }
        }
        // The byte mode.
        add(0b0100, 4)
        add(bytes.count, version.countBits)
        for byte in bytes { add(Int(byte), 8) }
        // The terminator, and zeros up to the end of the codeword.
        add(0, min(4, 8 * version.capacity - bits.count))
        while bits.count % 8 != 0 { bits.append(false) }
        return bits
    }

    private static func padded(_ bits: [Bool], to count: Int) -> [UInt8] {
        var data = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { ($0 << 1) | ($1 ? 1 : 0) }
        }
        var pad: UInt8 = 0xEC
        while data.count < count {
            data.append(pad)
            pad = pad == 0xEC ? 0x11 : 0xEC
        }
        return data
    }

    /// The first codewords of all blocks, then the second ones, and so on.
    private static func interleaved(_ blocks: [ArraySlice<UInt8>]) -> [UInt8] {
        let longest = blocks.map(\.count).max() ?? 0
        return (0..<longest).flatMap { place in blocks.compactMap { $0.dropFirst(place).first } }
    }
}
