// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

/// Reads a copy from its first line to its last, which has to agree with all of them.
final class CopyReader {
    let header: CopyHeader
    private let lines: CopyLines
    private let digest = RunningDigest()
    private(set) var count = 0
    /// The bytes of the lines so far.
    private(set) var bytes = 0
    /// The digest of the whole copy, once it was read.
    private(set) var sum: String?

    /// Opens a copy and reads its first line.
    ///
    /// - Throws: `Failure`.
    init(_ path: String, openedWith passphrase: Secret?) throws {
        lines = try CopyLines(path, openedWith: passphrase)
        guard let line = try lines.next() else { throw lines.fault("the file is empty", at: 1) }
        let bytes = Array(line)
        do {
            header = try CopyHeader(JSON(parsing: bytes))
        } catch let fault as CopyFault {
            throw lines.fault(fault.description)
        } catch is JSONError {
            throw lines.fault("it is not JSON, so this is not a copy that grantor has written")
        }
        digest.add(bytes + [UInt8(ascii: "\n")])
    }

    /// The next item; nil at the end, once the copy has proven to be complete and unchanged.
    ///
    /// - Throws: `Failure`.
    func next() throws -> StoreItem? {
        guard sum == nil else { return nil }
        guard let line = try lines.next() else {
            throw lines.fault("the copy ends without its last line, so it was cut off", at: lines.number + 1)
        }
        let bytes = Array(line)
        self.bytes += bytes.count
        guard let json = try? JSON(parsing: bytes, depth: CopyLine.depth) else { throw lines.fault("it is not JSON") }
        do {
            if json["grantor"] == "end", json["collection"] == nil {
                try CopyLine.check(json, ["grantor", "items", "sha256"])
                try end(json)
                return nil
            }
            digest.add(bytes + [UInt8(ascii: "\n")])
            count += 1
            return try CopyLine.item(json)
        } catch let fault as CopyFault {
            throw lines.fault(fault.description)
        }
    }

    private func end(_ json: JSON) throws {
        let found = try digest.end()
        guard json["items"]?.integer == Int64(count) else { throw lines.fault("lines are missing before it") }
        guard json["sha256"]?.string == found else { throw lines.fault("the lines before it were changed") }
        guard try lines.next() == nil else { throw lines.fault("something follows the last line of the copy") }
        sum = found
    }
}
