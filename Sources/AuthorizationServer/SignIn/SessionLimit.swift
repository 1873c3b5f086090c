// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// The limit of sessions for each user.
enum SessionLimit {
    static let sessions = 100
    /// The most sessions that one sign-in ends, so that it stays fast even if there are far too many.
    static let batch = 128
}

extension SessionRegistry {
    /// Ends the oldest sessions of a user who has too many, with everything issued under them.
    ///
    /// It runs after each sign-in has been committed: the last of several concurrent ones, on any node, sees all
    /// sessions. If it fails, the sign-in still succeeds, and the next one makes up for it.
    func endOldest(after begun: NewSession?) async {
        guard let begun, begun.isNew else { return }
        let user = begun.session.user.id
        do {
            let some = try await core.store.find(
                Session.collection.name, by: "user", equals: user, after: nil, limit: SessionLimit.sessions + 1)
            guard some.count > SessionLimit.sessions else { return }
            let excess = try await list(user: user).dropFirst(SessionLimit.sessions)
            // Shuffled, so that concurrent sign-ins end different sessions.
            for session in excess.shuffled().prefix(SessionLimit.batch) where session.id != begun.session.id {
                guard try await find(session.id) != nil else { continue }
                try await core.tokenRegistry.revoke(
                    .session(session.id), reason: "the user has reached the limit of sessions")
            }
        } catch {
            core.logger.error("sessions above the limit could not be ended", metadata: ["error": "\(error)"])
        }
    }
}
