// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The answers of the service, each for a limited time.
final class ClaimsCache: Sendable {
    private struct Answer {
        let claims: [JSON.Member]
        let end: Timestamp
    }

    private let span: Duration
    /// By the bytes of the question: as keys, strings that Unicode takes for the same would be one, and so two users.
    private let answers = Mutex<[[UInt8]: Answer]>([:])
    /// With so many answers, those that have ended are removed, and if none has, all.
    private static let most = 10_000

    init(keepingFor span: Duration) {
        self.span = span
    }

    func find(_ question: String, now: Timestamp) -> [JSON.Member]? {
        answers.withLock { answers in
            guard let answer = answers[Array(question.utf8)], answer.end > now else { return nil }
            return answer.claims
        }
    }

    func keep(_ claims: [JSON.Member], for question: String, now: Timestamp) {
        guard span > .zero else { return }
        answers.withLock { answers in
            if answers.count >= ClaimsCache.most { answers = answers.filter { $0.value.end > now } }
            if answers.count >= ClaimsCache.most { answers = [:] }
            answers[Array(question.utf8)] = Answer(claims: claims, end: now + span)
        }
    }
}
