// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Narrows what one answer of the token endpoint carries, or refuses it, after the grant has decided.
protocol TokenRequestFilter: Sendable {
    var parameters: [ParameterDeclaration] { get }
    /// Narrows.
    ///
    /// What the request proved stands in `authorization.confirmation` by then, compared with what was there before.
    /// That is the key which the answer will be bound to, so `TokenRequest` needs no room for it.
    func apply(_ request: TokenRequest, _ authorization: Authorization, _ limits: inout AccessLimits) async throws
}

extension TokenRequestFilter {
    var parameters: [ParameterDeclaration] { [] }
}

/// A token with the value by which it was presented, which `ResolvedToken` does not keep.
struct PresentedToken: Sendable {
    var value: String
    var token: ResolvedToken
}

/// What was proved, and what belongs into the headers of the answer.
struct Proof: Sendable {
    var confirmation: Confirmation
    var responseHeaders: [String: String] = [:]
}

/// Proves that whoever asks for or presents a token holds a key.
protocol PossessionProof: Sendable {
    /// The member of `cnf` that it writes.
    var proofMethod: String { get }
    var tokenType: String { get }
    /// The proof in a request, or nil if it holds none.
    func prove(_ head: RequestHead, client: Client, presenting token: PresentedToken?) async throws -> Proof?
}

/// Compares scope words that mean more than themselves.
protocol ScopeRule: Sendable {
    /// What of a word is allowed, or nil if the word is none of this rule's and equality decides.
    func narrow(allowed: Scope, requested: String) -> [String]?
}
