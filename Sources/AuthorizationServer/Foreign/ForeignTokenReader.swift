// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

/// Reads tokens of other parties, and keeps the last one that was read.
///
/// A plugin reads a token to find out whose it is, perhaps a second plugin does, and then the server reads it to check
/// it. All of them get the same reading.
final class ForeignTokenReader: Sendable {
    private struct Reading {
        let token: String
        let jwt: UnverifiedJWT
    }

    private let signatures: any SignatureVerifier
    private let last = Mutex<Reading?>(nil)

    init(_ signatures: any SignatureVerifier) {
        self.signatures = signatures
    }

    /// Reads a token without checking it.
    ///
    /// - Throws: `JWTRefusal` if it is no signed JWT.
    func read(_ token: String) throws -> UnverifiedJWT {
        if let known = last.withLock({ $0 }), known.token == token { return known.jwt }
        let jwt = try signatures.read(token)
        last.withLock { $0 = Reading(token: token, jwt: jwt) }
        return jwt
    }
}
