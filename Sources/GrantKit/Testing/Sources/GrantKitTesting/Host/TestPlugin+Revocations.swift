// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension TestPlugin {
    /// Revokes a token, a grant or a session, together with what the plugin's participants add.
    ///
    /// - Parameters:
    ///   - what: The object of the revocation.
    ///   - reason: Why.
    /// - Throws: `StoreError`, after which nothing is revoked; `HostRefusal` if the writes of a participant could not
    ///   be committed. A server writes that to its log, and revokes without them.
    public func revoke(_ what: Revocation, reason: String = "a test") async throws {
        if let refusal = try await host.tokens.end(what).first { throw refusal }
    }
}
