// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A statement that only reads, and can therefore be sent again.
final class Query: Conversation, Sendable {
    private let call: Call
    private let configuration: Call?
    private let finish: @Sendable (Result<Answer, Failure>) -> Void

    /// Prepares a query.
    ///
    /// - Parameters:
    ///   - call: The statement.
    ///   - configuration: What is set in the same transaction; nil if the session has it.
    ///   - finish: Takes the answer, exactly once.
    init(_ call: Call, after configuration: Call?, _ finish: @escaping @Sendable (Result<Answer, Failure>) -> Void) {
        (self.call, self.configuration, self.finish) = (call, configuration, finish)
    }

    func next(_ answers: [Answer]) throws(Failure) -> Round? {
        guard let answer = answers.last else { return Round(calls: [configuration, call].compactMap(\.self)) }
        finish(.success(answer))
        return nil
    }

    func fail(_ failure: Failure, isUnknown: Bool) {
        finish(.failure(failure))
    }
}
