// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A session that begins or gets a new cookie, with writes to commit together with the response that sets the cookie.
struct NewSession: Sendable {
    let session: Session
    private(set) var writes: [StoreWrite]
    let cookie: String

    /// Whether the session is new, so that nothing can depend on it yet.
    var isNew: Bool {
        writes.contains { if case .create = $0 { true } else { false } }
    }

    /// The most bytes of a `User-Agent` header that are kept.
    private static let longestAgent = 256

    /// Records the browser and address, by which the user can recognize the session later.
    mutating func note(_ head: RequestHead) {
        writes = writes.map { write in
            guard case .create(let record) = write else { return write }
            let agent = head[header: "user-agent"].map { $0.raw.prefix(NewSession.longestAgent).string }
            return .create(Session.noting(agent: agent, address: head.address, in: record))
        }
    }
}
