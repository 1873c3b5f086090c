// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A token with its presented value, which `ResolvedToken` does not keep.
struct PresentedToken: Sendable {
    var value: String
    var token: ResolvedToken
}

/// The proved key, and the header fields of the response.
struct Proof: Sendable {
    var confirmation: Confirmation
    var responseHeaders: [String: String] = [:]
}

/// Proves that a client that requests or presents a token has a key.
protocol PossessionProof: Sendable {
    /// The member of `cnf` that the proof writes.
    var proofMethod: String { get }
    var tokenType: String { get }
    /// The proof in a request; nil if there is none.
    func prove(_ head: RequestHead, client: Client, presenting token: PresentedToken?) async throws -> Proof?
}

/// Compares scope values that have an inner structure.
protocol ScopeRule: Sendable {
    /// The allowed part of a scope value; nil if this rule does not apply to it and equality decides.
    func narrow(allowed: Scope, requested: String) -> [String]?
}
