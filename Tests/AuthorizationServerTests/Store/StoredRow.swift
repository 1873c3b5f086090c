// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Testing

/// The rows of a collection, with examples in `Tests/Fixtures/rows`.
///
/// Each collection has a file with three lines: a row as this version writes it, one as an earlier version wrote it,
/// without the members that came later, and one as a later version may write it, with members that this version does
/// not know.
struct StoredRow: Sendable, CustomTestStringConvertible {
    let collection: String
    var id = "id"
    /// The paths of the members without which a row is refused.
    let required: Set<String>
    /// The members that nothing reads.
    var unread: Set<String> = []
    /// Returns what the server reads from a record, under the names of the row's members; nil if it ignores the record,
    /// as if the user had to sign in or to be asked again.
    let read: @Sendable (StoreRecord) async throws -> JSON?

    static let all: [StoredRow] = core + plugins + [keyRing]
    static let now = Timestamp(seconds: 1_800_000_000)

    var testDescription: String { collection }

    func record(_ value: JSON) -> StoreRecord {
        StoreRecord(StoreKey(collection, id), value, expiresAt: Timestamp(seconds: 1_900_000_000))
    }

    /// The examples, each in its bytes.
    func lines() throws -> [String] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = tests.appending(path: "Fixtures/rows/\(collection).jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { String($0) }
    }

    /// The example of this version.
    func whole() throws -> JSON {
        try JSON(parsing: try #require(try lines().first))
    }
}
