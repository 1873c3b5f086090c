// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL

/// The result of one statement.
@safe final class Answer: @unchecked Sendable {
    enum Kind {
        /// The statement was run.
        case success
        /// The statement was not run, because one before it has failed.
        case skipped
        case failure
        /// There are no more results of the statements that were sent together.
        case end
    }

    private let result: OpaquePointer

    /// Takes a result, which it frees.
    init(_ result: OpaquePointer) {
        // Safe: nobody else has the result, and libpq only reads it from now on, which any thread may do.
        unsafe self.result = result
    }

    deinit { unsafe PQclear(result) }

    var kind: Kind {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: .success
        case PGRES_PIPELINE_SYNC: .end
        case PGRES_PIPELINE_ABORTED: .skipped
        default: .failure
        }
    }

    var count: Int { Int(unsafe PQntuples(result)) }
    /// The command as the server reports it, such as `COMMIT`.
    var command: String { unsafe Answer.text(PQcmdStatus(result)) }
    /// The five characters of the error (SQLSTATE); empty without an error.
    var code: String { unsafe Answer.text(PQresultErrorField(result, Int32(UInt8(ascii: "C")))) }
    /// The first line of the error, without the details, which contain values.
    var message: String { unsafe Answer.text(PQresultErrorField(result, Int32(UInt8(ascii: "M")))) }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        // Safe: libpq's strings end with NUL.
        unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    }

    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
        unsafe text(UnsafePointer(pointer))
    }

    /// The bytes of a column; nil for NULL or if there is no such row or column.
    func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        // Safe: libpq says how long the value is, and keeps it as long as the result.
        guard row >= 0, row < count, column >= 0, column < Int(unsafe PQnfields(result)) else { return nil }
        let (row, column) = (Int32(row), Int32(column))
        guard unsafe PQgetisnull(result, row, column) == 0, let start = unsafe PQgetvalue(result, row, column) else {
            return nil
        }
        let length = Int(unsafe PQgetlength(result, row, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// The whole number in a column; nil if it is none.
    func integer(_ row: Int, _ column: Int) -> Int64? {
        bytes(row, column).flatMap { WireReader.integer($0) }
    }
}
