// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Reads a file in the age format that was sealed with a passphrase (age-encryption.org/v1).
public final class AgeReader {
    private static let longestHeader = 4096

    private var chunks: AgeChunks
    private var waiting: [UInt8]
    private var (isAtStart, isAtEnd) = (true, false)
    private let source: () throws -> [UInt8]

    /// Whether a file with these first bytes has this format.
    public static func recognizes(_ start: [UInt8]) -> Bool {
        start.starts(with: Array("\(AgeHeader.version)\n".utf8))
    }

    /// Reads and opens the header.
    ///
    /// - Parameters:
    ///   - passphrase: The passphrase.
    ///   - source: Returns the next bytes of the file; none at the end.
    /// - Throws: `CryptographyError`, what `source` throws.
    public init(_ passphrase: Secret, _ source: @escaping () throws -> [UInt8]) throws {
        var (bytes, lines): ([UInt8], [String]) = ([], [])
        while lines.count < 4 {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: bytes[..<end], as: UTF8.self))
                bytes.removeFirst(end + 1)
                continue
            }
            let more = try source()
            guard !more.isEmpty, bytes.count < AgeReader.longestHeader else {
                throw CryptographyError(found: "its header is not complete")
            }
            bytes += more
        }
        while bytes.count < 16, case let more = try source(), !more.isEmpty { bytes += more }
        guard bytes.count >= 16 else { throw CryptographyError(found: "it was cut off") }
        let header = try AgeHeader(lines, openingWith: passphrase)
        chunks = AgeChunks(key: header.payloadKey(Array(bytes.prefix(16))))
        waiting = Array(bytes.dropFirst(16))
        self.source = source
    }

    /// The next bytes; none at the end.
    ///
    /// - Throws: `CryptographyError` if the file was changed or cut off, what the source throws.
    public func read() throws -> [UInt8] {
        guard !isAtEnd else { return [] }
        let length = AgeChunks.length + AgeChunks.tagLength
        // One byte more than a chunk shows that the chunk is not the last.
        while waiting.count <= length {
            let more = try source()
            if more.isEmpty { break }
            waiting += more
        }
        isAtEnd = waiting.count <= length
        let chunk = Array(waiting.prefix(length))
        // An empty chunk is only the last one of an empty file, so there is one way to write each file.
        guard let plain = chunks.open(chunk, isLast: isAtEnd), isAtStart || !plain.isEmpty else {
            throw CryptographyError(found: isAtEnd ? "it was cut off or changed" : "it was changed")
        }
        isAtStart = false
        waiting.removeFirst(chunk.count)
        return plain
    }
}
