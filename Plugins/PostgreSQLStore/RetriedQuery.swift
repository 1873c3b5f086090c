// SPDX-License-Identifier: Apache-2.0

/// A query that waits again if its connection is lost.
final class RetriedQuery: Conversation {
    private var waiting: WaitingQuery
    private let retry: (WaitingQuery) -> Void

    init(_ waiting: WaitingQuery, _ retry: @escaping (WaitingQuery) -> Void) {
        (self.waiting, self.retry) = (waiting, retry)
    }

    func next(_ answers: [Answer]) throws(Failure) -> Round? {
        try waiting.query.next(answers)
    }

    func fail(_ failure: Failure, isUnknown: Bool) {
        waiting.attempts += 1
        var isLost = failure.isOfServer || failure.isConflict
        if case .lost = failure { isLost = true }
        guard isLost, waiting.attempts < 3 else { return waiting.query.fail(failure, isUnknown: false) }
        retry(waiting)
    }
}
