// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension StoredClients {
    /// The secrets of a client, oldest first; empty if the client has none or is not in the store.
    ///
    /// - Throws: `StoreError`.
    package func secrets(of id: String) async throws -> [StoredClient.KeptSecret] {
        try await stored(id)?.secrets ?? []
    }

    /// The methods by which a client may authenticate; empty if it is not valid with the loaded plugins, or not in the
    /// store.
    ///
    /// - Throws: `StoreError`.
    package func methods(of id: String) async throws -> [String] {
        guard let stored = try await stored(id) else { return [] }
        return try await generation.read(stored, secrets, cryptography).client?.methods ?? []
    }

    /// Gives a client a new secret, while the previous one stays valid for some time.
    ///
    /// - Parameters:
    ///   - id: The client.
    ///   - keep: How long the newest of the former secrets stays valid; all others end immediately.
    ///   - now: The current time.
    /// - Returns: The new secret, which is never shown again.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    package func rotateSecret(of id: String, keepingOldFor keep: Duration, now: Timestamp) async throws -> Secret {
        let fresh = generatedSecret()
        try await change(id, as: ["change": "secret rotated"]) { client in
            guard !client.secrets.isEmpty else {
                throw DocumentRefusal(.invalid, "the client '\(id)' has no secret")
            }
            var former = client.secrets.filter { $0.until.map { $0 > now } ?? true }.suffix(1)
            for place in former.indices {
                former[place].until = min(former[place].until ?? StoredUser.never, now + keep)
            }
            client.secrets = (keep > .zero ? Array(former) : []) + [fresh.kept]
        }
        return fresh.text
    }

    /// Generates a secret of 256 random bits, for which a fast digest is enough.
    func generatedSecret() -> (text: Secret, kept: StoredClient.KeptSecret) {
        let text = random(32)
        return (Secret(text), .init(digest: cryptography.digest(text)))
    }
}
