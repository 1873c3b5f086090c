// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite

/// The rows of a cached statement, read with SQLite's own functions.
///
/// For each query, GRDB checks and boxes the arguments and looks up the names of the columns, which takes longer than
/// finding a record.
final class RecordCursor {
    private let statement: Statement
    private let columns: CInt
    private var bound: CInt = 0
    private var isDone = false

    /// Begins a query.
    ///
    /// - Parameter statement: A statement that no other cursor is using.
    init(_ statement: Statement) {
        self.statement = statement
        columns = CInt(clamping: statement.columnCount)
        // Safe here and below: GRDB keeps the handle valid for as long as the statement exists. A statement takes values
        // only after a reset, whose result is that of the last step.
        _ = unsafe sqlite3_reset(statement.sqliteStatement)
    }

    deinit {
        // Ends the read; after the last row, SQLite has done that itself.
        if !isDone { _ = unsafe sqlite3_reset(statement.sqliteStatement) }
    }

    /// Sets the next parameter.
    ///
    /// - Throws: `DatabaseError`.
    func bind(_ text: String) throws {
        bound += 1
        // Safe: SQLite copies the bytes before the call returns, which this value of a destructor asks for.
        let copy = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        var text = text
        let code = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                // An empty string still has an address, so it is not taken for NULL.
                unsafe sqlite3_bind_text64(
                    statement.sqliteStatement, bound, $0.baseAddress, UInt64($0.count), copy, UInt8(SQLITE_UTF8))
            }
        }
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Sets the next parameter.
    ///
    /// - Throws: `DatabaseError`.
    func bind(_ number: Int64) throws {
        bound += 1
        let code = unsafe sqlite3_bind_int64(statement.sqliteStatement, bound, number)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// The values of the next row; nil after the last one.
    ///
    /// - Throws: `DatabaseError`.
    func next() throws -> [DatabaseValue]? {
        guard !isDone else { return nil }
        let handle = unsafe statement.sqliteStatement
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return (0..<columns).map { unsafe DatabaseValue(sqliteStatement: handle, index: $0) }
        case SQLITE_DONE:
            isDone = true
            return nil
        case let code: throw error(code)
        }
    }

    private func error(_ code: CInt) -> DatabaseError {
        // Safe: the message is copied at once.
        let message = unsafe sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement))
            .map { unsafe String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }
}
