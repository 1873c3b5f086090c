// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

/// Writes a copy: a line about it, a line for each item, and a line with their number and digest.
final class CopyWriter {
    private let destination: CopyDestination
    private let seal: AgeWriter?
    private let digest = RunningDigest()
    private(set) var count = 0

    /// Begins a copy.
    ///
    /// - Parameters:
    ///   - header: The first line.
    ///   - destination: Where the copy is written to.
    ///   - passphrase: What seals it; nil for a copy that is not sealed.
    /// - Throws: `Failure`, `CryptographyError`.
    init(_ header: CopyHeader, to destination: CopyDestination, sealedWith passphrase: Secret?) throws {
        self.destination = destination
        seal = try passphrase.map { try AgeWriter($0, destination.write) }
        try write([header.json])
    }

    private func write(_ lines: [JSON]) throws {
        var bytes: [UInt8] = []
        for line in lines {
            let text = Array(line.text.utf8)
            guard text.count < CopyLine.longest else {
                let collection = line["collection"]?.string ?? "?"
                throw Failure("a record of the collection '\(collection)' is longer than a copy can hold, 16 MiB")
            }
            bytes += text
            bytes.append(UInt8(ascii: "\n"))
        }
        digest.add(bytes)
        try put(bytes)
    }

    private func put(_ bytes: [UInt8]) throws {
        if let seal { try seal.write(bytes) } else { try destination.write(bytes) }
    }

    func add(_ items: [StoreItem]) throws {
        do {
            try write(items.map { try CopyLine.json($0) })
        } catch let fault as CopyFault {
            throw Failure("the copy was not made: \(fault)")
        }
        count += items.count
    }

    /// Ends the copy, which is complete and on the disk then.
    ///
    /// - Throws: `Failure`, `CryptographyError`.
    func finish() throws {
        let end: JSON = ["grantor": "end", "items": .integer(Int64(count)), "sha256": .string(try digest.end())]
        try put(Array("\(end.text)\n".utf8))
        try seal?.finish()
        try destination.finish()
    }
}
