// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A way in which another server fails to answer as it should.
struct NetworkFailure: Sendable {
    /// The failure, as a clause.
    let what: String
    let answer: TestNetwork.Answer

    static let all: [NetworkFailure] = [
        NetworkFailure(what: "no server responds") { _ in throw OutboundError("no server responds") },
        NetworkFailure(what: "the other server has an error") { _ in OutboundReply(status: 500) },
        NetworkFailure(what: "the other server redirects") { _ in
            OutboundReply(status: 302, headers: [(name: "location", value: "http://169.254.169.254/")])
        },
        NetworkFailure(what: "the other server answers with nothing") { _ in OutboundReply(status: 200) },
        NetworkFailure(what: "the other server answers with something else") { _ in
            OutboundReply(status: 200, body: [0xFF, 0x00, 0x7B] + Array("<html>\(HostileText.mark)".utf8))
        },
        NetworkFailure(what: "the other server answers with an endless nesting") { _ in
            OutboundReply(status: 200, body: [UInt8](repeating: 0x5B, count: 100_000))
        },
    ]
}
