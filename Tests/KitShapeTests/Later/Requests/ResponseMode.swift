// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response to an authorization request, before a mode has put it into a form that travels.
struct AuthorizationAnswer: Sendable {
    var client: Client
    var redirectURI: String
    /// The members of the response or of the error, with `state` and `iss`.
    var members: [JSON.Member]
    var issuedAt: Timestamp
}

/// How a response travels to the client.
enum AnswerCarrier: Sendable {
    case query([(name: String, value: String)])
    case fragment([(name: String, value: String)])
    case formPost([(name: String, value: String)])
    /// A page of this server; its assets do the rest.
    case page(Page, assets: [String])
}

/// A value of `response_mode`.
protocol ResponseMode: LaterRole {
    var name: String { get }
    /// How far a response travels. A mode that carries further than a flow allows is refused.
    var delivery: Delivery { get }
    func carry(_ answer: AuthorizationAnswer) async throws -> AnswerCarrier
}

extension ResponseMode {
    var line: String { "response mode \(name)" }
}
