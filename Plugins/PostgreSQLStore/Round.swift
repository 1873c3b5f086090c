// SPDX-License-Identifier: Apache-2.0

/// Statements that are sent at once; if one fails, those after it are not run.
struct Round: Sendable {
    let calls: [Call]
    /// Whether the last of them is a commit, whose outcome is unknown if the connection is lost.
    var isCommit = false
}

/// An exchange with the database in one or more rounds, on the thread of the connections.
protocol Conversation: AnyObject {
    /// The next round.
    ///
    /// - Parameter answers: The answers to the previous round, one for each statement; empty at first.
    /// - Returns: The round; nil at the end.
    /// - Throws: `Failure`.
    func next(_ answers: [Answer]) throws(Failure) -> Round?

    /// Ends the exchange.
    ///
    /// - Parameters:
    ///   - failure: What went wrong.
    ///   - isUnknown: Whether it may have been committed all the same.
    func fail(_ failure: Failure, isUnknown: Bool)
}
