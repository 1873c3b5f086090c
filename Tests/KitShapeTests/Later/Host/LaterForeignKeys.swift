// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of what `ForeignKeyService` will get.
protocol LaterForeignKeys: ForeignKeyService {
    /// Verifies a token with the key in its own header. Whose key it is, the caller must find out by its thumbprint.
    ///
    /// - Returns: The token, and the thumbprint of the key (RFC 7638).
    /// - Throws: `JWTRefusal`.
    func verify(
        byItsOwnKey token: String, _ rules: JWTRules
    ) async throws -> (jwt: VerifiedJWT, thumbprint: String)
}
