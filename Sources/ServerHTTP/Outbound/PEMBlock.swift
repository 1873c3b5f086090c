// SPDX-License-Identifier: Apache-2.0

/// A block of a PEM file, from its first to its last line (RFC 7468).
struct PEMBlock: Equatable {
    /// What is between the dashes, such as `CERTIFICATE`.
    let label: String
    /// The number of its first line, counted from 1.
    let line: Int
    let bytes: [UInt8]

    /// The blocks of a file; what is between them is a comment.
    ///
    /// - Returns: The blocks; nil for one that does not end.
    static func all(in bytes: [UInt8]) -> [PEMBlock?] {
        var blocks: [PEMBlock?] = []
        var open: (label: [UInt8], line: Int, bytes: [UInt8])?
        for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let text = trimmed(line)
            if let label = PEMBlock.label(text, after: "-----BEGIN ") {
                if open != nil { blocks.append(nil) }
                open = (label, number + 1, [])
            }
            guard var block = open else { continue }
            block.bytes += text + [0x0A]
            open = block
            guard let label = PEMBlock.label(text, after: "-----END "), label == block.label else { continue }
            blocks.append(
                PEMBlock(
                    label: String(decoding: label, as: UTF8.self), line: block.line, bytes: block.bytes))
            open = nil
        }
        return open == nil ? blocks : blocks + [nil]
    }

    private static func label(_ line: ArraySlice<UInt8>, after start: String) -> [UInt8]? {
        let end = "-----".utf8
        guard line.starts(with: start.utf8), line.count >= start.utf8.count + end.count,
            line.suffix(end.count).elementsEqual(end)
        else { return nil }
        return Array(line.dropFirst(start.utf8.count).dropLast(end.count))
    }

    /// A line without the white space at its end, which some editors leave.
    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let end = line.lastIndex { ![0x09, 0x0D, 0x20].contains($0) }
        return line[..<(end.map { $0 + 1 } ?? line.startIndex)]
    }
}
