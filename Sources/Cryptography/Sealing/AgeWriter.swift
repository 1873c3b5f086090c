// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Writes a file in the age format, sealed with a passphrase (age-encryption.org/v1).
///
/// Each chunk of 64 KiB is authenticated together with its place, and the last chunk is marked, so a file that was cut
/// off is noticed. The program `age` opens such files.
public final class AgeWriter {
    private var chunks: AgeChunks
    private var waiting: [UInt8] = []
    private let sink: ([UInt8]) throws -> Void

    /// Begins a file and writes its header.
    ///
    /// - Parameters:
    ///   - passphrase: The passphrase.
    ///   - sink: Takes the bytes of the file.
    /// - Throws: `CryptographyError`, what `sink` throws.
    public init(_ passphrase: Secret, _ sink: @escaping ([UInt8]) throws -> Void) throws {
        let header = try AgeHeader(sealingWith: passphrase)
        let nonce = Digest.random(16)
        chunks = AgeChunks(key: header.payloadKey(nonce))
        self.sink = sink
        try sink(Array(header.text.utf8) + nonce)
    }

    /// Writes bytes.
    ///
    /// - Throws: `CryptographyError`, what the sink throws.
    public func write(_ bytes: [UInt8]) throws {
        waiting += bytes
        // The last chunk is only known at the end, and is not empty.
        while waiting.count > AgeChunks.length {
            try sink(try chunks.seal(Array(waiting.prefix(AgeChunks.length)), isLast: false))
            waiting.removeFirst(AgeChunks.length)
        }
    }

    /// Ends the file.
    ///
    /// - Throws: `CryptographyError`, what the sink throws.
    public func finish() throws {
        try sink(try chunks.seal(waiting, isLast: true))
        waiting = []
    }
}
