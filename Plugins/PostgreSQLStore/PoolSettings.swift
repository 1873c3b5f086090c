// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the connections of the pool have in common.
struct PoolSettings: Sendable {
    let address: ServerAddress
    /// The number of connections; half of them write, the others read.
    let size: Int
    let statementTimeout: Duration
    /// Whether statements can be prepared, and settings of a session last.
    let isPrepared: Bool

    /// Sets what transactions rely on.
    ///
    /// - Parameter isLocal: Whether it ends with the transaction.
    /// - Returns: The statement.
    func configuration(isLocal: Bool) -> Call {
        let milliseconds = statementTimeout / .milliseconds(1)
        // A node that is cut off in the middle of a transaction must not keep its locks.
        return Statement.configure(
            .text("\(Int64(milliseconds))"), .text("\(Int64(milliseconds * 2))"), .boolean(isLocal))
    }

    /// What each transaction begins with; nil if the session has it.
    var perTransaction: Call? { isPrepared ? nil : configuration(isLocal: true) }

    /// How long a round may take: a little longer than the server lets a statement take.
    var patience: Duration { statementTimeout + .seconds(1) }
}
