// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A session that begins, or gets another cookie: what is written is committed with the answer that brings the cookie.
struct NewSession: Sendable {
    let session: Session
    private(set) var writes: [StoreWrite]
    let cookie: String

    /// Whether nothing can stand under it yet.
    var isNew: Bool {
        writes.contains { if case .create = $0 { true } else { false } }
    }

    /// The longest name of a browser that is kept, in bytes.
    private static let longestAgent = 256

    /// Notes with which browser it begins, so that its person recognises it later.
    mutating func note(_ head: RequestHead) {
        writes = writes.map { write in
            guard case .create(let record) = write else { return write }
            let agent = head[header: "user-agent"].map { $0.raw.prefix(NewSession.longestAgent).string }
            return .create(Session.noting(agent: agent, address: head.address, in: record))
        }
    }
}
