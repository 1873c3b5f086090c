// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What can go wrong between this plugin and the database.
enum Failure: Error {
    /// There is no connection; what libpq or the server said.
    case unreachable(String)
    /// The connection was lost while an answer was awaited.
    case lost
    /// There was no answer in time.
    case late
    /// The server has refused a statement: its code (SQLSTATE) and its message.
    case refused(code: String, message: String)
    /// Too much waits for the database.
    case crowded
    /// The plugin has stopped.
    case closed
    /// A row that this plugin never writes, or an answer that is none.
    case broken(String)

    /// Whether the same work may succeed at once, because it lost against other work.
    var isConflict: Bool {
        // A serialization failure, a deadlock, or a row that another program has created meanwhile.
        guard case .refused(let code, _) = self else { return false }
        return ["40001", "40P01", "23505"].contains(code)
    }

    /// Whether the work itself may be at fault, so that other work of the same transaction may succeed without it.
    var isOfWork: Bool {
        switch self {
        case .refused(let code, _): ["22", "23", "54"].contains { code.utf8.starts(with: $0.utf8) }
        case .broken: true
        default: false
        }
    }

    /// Whether the connection leads to a server that no longer serves it, so that another one may be better.
    var isOfServer: Bool {
        guard case .refused(let code, _) = self else { return false }
        // Read-only, since another server has become the primary; or shutting down.
        return code == "25006" || code.utf8.starts(with: "57P".utf8) || code.utf8.starts(with: "08".utf8)
    }

    /// The error for the log.
    ///
    /// - Parameters:
    ///   - place: The database, as messages call it.
    ///   - isUnknown: Whether a commit was sent, so that nobody knows whether it was done.
    /// - Returns: The error.
    func explained(_ place: String, isUnknown: Bool = false) -> StoreError {
        let unknown = isUnknown ? "; whether the last write was committed is unknown" : ""
        return StoreError("the store \(place) \(meaning)\(unknown)")
    }

    private var meaning: String {
        switch self {
        case .unreachable(let reason): "cannot be reached: \(reason)"
        case .lost: "has closed the connection"
        case .late: "did not answer in time; see what the database waits for, or raise 'statement_timeout'"
        case .refused(let code, let message): Failure.meaning(code, message)
        case .crowded: "has more waiting for it than it can take; raise 'pool' if the database has room for it"
        case .closed: "is closed"
        case .broken(let what): what
        }
    }

    private static func meaning(_ code: String, _ message: String) -> String {
        let advice =
            switch code {
            case "57014": "took longer than 'statement_timeout'"
            case "25006": "is read-only; 'url' must lead to the primary server"
            case "53100": "cannot grow because the disk is full; free some space"
            case "53200", "53300", "53400": "is out of memory or connections; lower 'pool' or raise the server's limits"
            case "54000": "cannot index a key of this length"
            case "42501": "does not permit this to the user; grant it the tables and the schema"
            case "42P01", "42703": "has not the tables of this version; another program has changed them"
            case "26000", "42P05":
                "shares sessions, so nothing can be prepared; behind PgBouncer, set 'prepared_statements: false'"
            case _ where code.utf8.starts(with: "57P".utf8): "is shutting down"
            default: "failed"
            }
        return "\(advice) (PostgreSQL \(code): \(message))"
    }
}
