// SPDX-License-Identifier: Apache-2.0

import GRDB

/// Reads the values of each row of a cached statement.
///
/// GRDB's own rows look up the names of their columns for each query, which takes as long as finding a record.
// The names with an underscore are GRDB's.
// swift-format-ignore: NoLeadingUnderscores
final class RecordCursor: DatabaseCursor {
    typealias Element = [DatabaseValue]

    let _statement: Statement
    var _isDone = false
    private let columns: CInt

    /// Begins a query.
    ///
    /// - Parameters:
    ///   - statement: A statement that no other cursor is using.
    ///   - arguments: The values for its parameters.
    /// - Throws: `DatabaseError`.
    init(_ statement: Statement, _ arguments: StatementArguments) throws {
        _statement = statement
        columns = CInt(statement.columnCount)
        try statement.setArguments(arguments)
    }

    deinit {
        // Setting arguments resets the statement, which ends the read; after the last row, SQLite has done that itself.
        // The error of the last step is reported once more.
        if !_isDone { try? _statement.setArguments(_statement.arguments) }
    }

    func _element(sqliteStatement: SQLiteStatement) -> [DatabaseValue] {
        // Safe: GRDB passes a statement that has a row, and the row has this number of columns.
        (0..<columns).map { unsafe DatabaseValue(sqliteStatement: sqliteStatement, index: $0) }
    }
}
