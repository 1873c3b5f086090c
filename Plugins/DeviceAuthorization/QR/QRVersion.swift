// SPDX-License-Identifier: Apache-2.0

/// A size of QR codes, with its blocks for the error correction level M (ISO/IEC 18004 tables 1, 9 and E.1).
struct QRVersion: Sendable {
    let number: Int
    /// The number of codewords that correct errors, in each block.
    let correction: Int
    /// The number of data codewords of each block.
    let blocks: [Int]
    /// The coordinates of the centres of alignment patterns.
    let alignment: [Int]

    /// The number of modules in a row.
    var size: Int { 17 + 4 * number }
    /// The number of data codewords.
    var capacity: Int { blocks.reduce(0, +) }
    /// The number of bits that say how many bytes follow.
    var countBits: Int { number < 10 ? 8 : 16 }

    /// The smallest version for a number of bytes; nil if it would be larger than version 10.
    static func smallest(for count: Int) -> QRVersion? {
        all.first { 4 + $0.countBits + 8 * count <= 8 * $0.capacity }
    }

    private static let all = [
        QRVersion(number: 1, correction: 10, blocks: [16], alignment: []),
        QRVersion(number: 2, correction: 16, blocks: [28], alignment: [6, 18]),
        QRVersion(number: 3, correction: 26, blocks: [44], alignment: [6, 22]),
        QRVersion(number: 4, correction: 18, blocks: [32, 32], alignment: [6, 26]),
        QRVersion(number: 5, correction: 24, blocks: [43, 43], alignment: [6, 30]),
        QRVersion(number: 6, correction: 16, blocks: [27, 27, 27, 27], alignment: [6, 34]),
        QRVersion(number: 7, correction: 18, blocks: [31, 31, 31, 31], alignment: [6, 22, 38]),
        QRVersion(number: 8, correction: 22, blocks: [38, 38, 39, 39], alignment: [6, 24, 42]),
        QRVersion(number: 9, correction: 22, blocks: [36, 36, 36, 37, 37], alignment: [6, 26, 46]),
        QRVersion(number: 10, correction: 26, blocks: [43, 43, 43, 43, 44], alignment: [6, 28, 50]),
    ]
}
