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
protocol PossessionProof: LaterRole {
    /// The member of `cnf` that the proof writes.
    var proofMethod: String { get }
    var tokenType: String { get }
    /// The proof in a request; nil if there is none.
    func prove(_ head: RequestHead, client: Client, presenting token: PresentedToken?) async throws -> Proof?
}

extension PossessionProof {
    var line: String { "proof \(proofMethod)" }
}

extension RequestHead {
    /// Takes the place of a member: the client's certificate in DER, from the connection or from a trusted proxy.
    var certificate: [UInt8]? { self[header: "test-certificate"].map { Array($0.utf8) } }
}
