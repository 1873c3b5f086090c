// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import GrantKit

/// A connection of libpq, which one thread uses at a time.
@safe final class Connection: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// Takes a connection, which it closes.
    init(_ pointer: OpaquePointer) {
        // Safe: nobody else has the connection. The thread that has made it hands it over to another one, and never
        // uses it again.
        unsafe self.pointer = pointer
        // Notices would be written to standard error, and their details contain values.
        unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(pointer) }

    var isOpen: Bool { unsafe PQstatus(pointer) == CONNECTION_OK }
    /// The version, such as 150018; 0 without a connection.
    var version: Int { Int(unsafe PQserverVersion(pointer)) }
    var descriptor: Int32 { unsafe PQsocket(pointer) }
    /// Whether the last transaction has ended.
    var isIdle: Bool { unsafe PQtransactionStatus(pointer) == PQTRANS_IDLE }

    /// What libpq says is wrong, in one line, which never contains the password.
    var message: String {
        // Safe: libpq's strings end with NUL.
        let text = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? ""
        let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { line in
            String(Substring(line.drop { $0 == UInt8(ascii: "\t") }))
        }
        return lines.joined(separator: "; ")
    }

    // MARK: for a thread that may block

    /// Runs statements without parameters.
    ///
    /// - Throws: `Failure.refused`, `Failure.lost`.
    @discardableResult
    func run(_ sql: String) throws(Failure) -> Answer {
        guard let result = unsafe PQexec(pointer, sql) else { throw .lost }
        let answer = unsafe Answer(result)
        switch answer.kind {
        case .success: return answer
        default: throw isOpen ? .refused(code: answer.code, message: answer.message) : .lost
        }
    }

    // MARK: for the thread that never blocks

    /// Lets statements be sent without waiting for the answers to those before.
    func pipeline() -> Bool {
        unsafe PQsetnonblocking(pointer, 1) == 0 && PQenterPipelineMode(pointer) == 1
    }

    /// Queues the preparation of a statement.
    func prepare(_ statement: Statement) -> Bool {
        unsafe PQsendPrepare(
            pointer, statement.name, statement.sql, Int32(statement.types.count), statement.types) == 1
    }

    /// Queues a statement.
    func send(_ call: Call, prepared: Bool) -> Bool {
        let values = call.parameters.map(\.encoded)
        let (lengths, formats) = (values.map { Int32(truncatingIfNeeded: $0.count) }, values.map { _ in Int32(1) })
        // A byte at the end, so that there is an address for an empty value, which is not NULL.
        let all = values.joined().map { CChar(bitPattern: $0) } + [0]
        // Safe: libpq copies the values within the call, and is told their lengths.
        return unsafe all.withUnsafeBufferPointer { all in
            var (starts, offset): ([UnsafePointer<CChar>?], Int) = unsafe ([], 0)
            for value in values {
                unsafe starts.append(all.baseAddress.map { unsafe $0 + offset })
                offset += value.count
            }
            let count = Int32(values.count)
            let statement = call.statement
            let sent =
                prepared
                ? unsafe PQsendQueryPrepared(pointer, statement.name, count, starts, lengths, formats, 1)
                : unsafe PQsendQueryParams(
                    pointer, statement.sql, count, call.parameters.map(\.type), starts, lengths, formats, 1)
            return sent == 1
        }
    }

    /// Ends a group of statements: if one fails, those after it in the group are not run.
    func sync() -> Bool { unsafe PQpipelineSync(pointer) == 1 }

    /// Writes what is queued.
    ///
    /// - Returns: Whether more is left to be written; nil if the connection is lost.
    func flush() -> Bool? {
        switch unsafe PQflush(pointer) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// Reads what has arrived; false if the connection is lost.
    func receive() -> Bool { unsafe PQconsumeInput(pointer) == 1 && isOpen }

    /// Takes the notifications that have arrived.
    ///
    /// - Returns: Whether there was one.
    func takeNotifications() -> Bool {
        var isNotified = false
        // Safe: libpq hands over each notification once, and it is freed here.
        while let notification = unsafe PQnotifies(pointer) {
            isNotified = true
            unsafe PQfreemem(notification)
        }
        return isNotified
    }

    /// The next result that is here; nil if there is none, or at the end of a statement.
    func next() -> Answer? {
        guard !isWaiting else { return nil }
        return unsafe PQgetResult(pointer).map { unsafe Answer($0) }
    }

    /// Whether the next result has not arrived.
    var isWaiting: Bool { unsafe PQisBusy(pointer) == 1 }
}
