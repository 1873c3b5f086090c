// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A row with content that this plugin never writes: the disk is failing, or another program changed the file.
struct RowFault: Error {
    private let table: String
    private let collection: String
    private let column: String
    private let content: String
    private let condition: String

    /// Creates a fault.
    ///
    /// - Parameters:
    ///   - table: The table.
    ///   - collection: The collection; the record's key may be a secret and is not reported.
    ///   - column: The column.
    ///   - content: A description of the unexpected content.
    ///   - condition: An SQL condition that finds such rows.
    init(_ table: String, _ collection: String, _ column: String, holds content: String, finding condition: String) {
        self.table = table
        self.collection = collection
        self.column = column
        self.content = content
        self.condition = condition
    }

    func explained(_ path: String) -> StoreError {
        StoreError(
            "the store \(path) has \(content) in the column '\(column)' of a \(table) of the collection "
                + "'\(collection)', which this server never writes: another program has changed the file, or the disk "
                + "is failing; restore the file from a backup (find such rows with: SELECT * FROM \(table) "
                + "WHERE collection = '\(collection)' AND (\(condition)))")
    }
}
