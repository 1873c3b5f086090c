// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// How many sessions one person can have at once.
enum SessionLimit {
    static let sessions = 100
    /// The most that one sign-in ends, so that it does not take long where there are far too many.
    static let batch = 128
}

extension SessionRegistry {
    /// Ends the oldest sessions of a person who has too many, each with all that came of it.
    ///
    /// It runs after each sign-in was committed: of several at once, on any node, the last one sees them all. A failure
    /// is no failure of the sign-in, since the next one makes up for it.
    func endOldest(after begun: NewSession?) async {
        guard let begun, begun.isNew else { return }
        let user = begun.session.user.id
        do {
            let some = try await core.store.find(
                Session.collection.name, by: "user", equals: user, after: nil, limit: SessionLimit.sessions + 1)
            guard some.count > SessionLimit.sessions else { return }
            let excess = try await list(user: user).dropFirst(SessionLimit.sessions)
            // In any order: sign-ins that happen at once then end different ones.
            for session in excess.shuffled().prefix(SessionLimit.batch) where session.id != begun.session.id {
                guard try await find(session.id) != nil else { continue }
                try await core.tokenRegistry.revoke(
                    .session(session.id), reason: "its person has signed in more often since")
            }
        } catch {
            core.logger.error("sessions above the limit could not be ended", metadata: ["error": "\(error)"])
        }
    }
}
