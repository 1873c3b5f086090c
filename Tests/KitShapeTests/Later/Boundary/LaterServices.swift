// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of the synchronous functions of `KeyRing`: the keys may be in another process or in a key service.
protocol LaterKeys: Sendable {
    func verify(_ token: String, type: String) async throws -> VerifiedJWT?
    func authenticationCode(_ message: String, purpose: String) async throws -> String
    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool
    func seal(_ text: String, purpose: String) async throws -> String
    func open(_ sealed: String, purpose: String) async throws -> String?
}
