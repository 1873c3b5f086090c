// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The keys that may have signed a token of another party.
enum KeySource: Sendable {
    /// The keys or the secret of a client; a secret never leaves the server.
    case client(Client)
    /// A key set (RFC 7517 section 5) at an address, which the server fetches and keeps.
    case address(String)
    /// A key set.
    case keys(JSON)
    /// The key in the token's own header. Whose it is, the caller must find out by its thumbprint.
    case header
}

/// Why a token of another party is not accepted: for the log, never for the client.
struct JWTRefusal: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// Checks tokens that others have signed.
protocol ForeignKeyService: Sendable {
    /// Checks the signature and then the rules.
    ///
    /// - Returns: The token, and the thumbprint of the key (RFC 7638).
    /// - Throws: `JWTRefusal`; `OutboundError` if the key set cannot be fetched.
    func verify(
        _ token: String, by source: KeySource, _ rules: JWTRules
    ) async throws -> (jwt: VerifiedJWT, thumbprint: String)
    /// Header and claims before any check, to find out which party's keys to use.
    func unverified(_ token: String) -> VerifiedJWT?
}
