// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension StoredClients {
    /// What is known of a client's secrets, oldest first; none for a client that is public or not in the store.
    ///
    /// - Throws: `StoreError`.
    package func secrets(of id: String) async throws -> [StoredClient.KeptSecret] {
        try await stored(id)?.secrets ?? []
    }

    /// Gives a client another secret, while the one before it can be used for some time.
    ///
    /// - Parameters:
    ///   - id: The client.
    ///   - keep: How long the newest of the secrets before it can be used; all others end at once.
    ///   - now: The current time.
    /// - Returns: The secret, which is shown this once and never again.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    package func rotateSecret(of id: String, keepingOldFor keep: Duration, now: Timestamp) async throws -> Secret {
        let fresh = generatedSecret()
        try await change(id) { client in
            guard !client.secrets.isEmpty else {
                throw DocumentRefusal(.invalid, "the client '\(id)' is public: it has no secret")
            }
            var former = client.secrets.filter { $0.until.map { $0 > now } ?? true }.suffix(1)
            for place in former.indices {
                former[place].until = min(former[place].until ?? StoredUser.never, now + keep)
            }
            client.secrets = (keep > .zero ? Array(former) : []) + [fresh.kept]
        }
        return fresh.text
    }

    /// A new secret of 256 random bits, so that a fast digest is enough to keep it by.
    func generatedSecret() -> (text: Secret, kept: StoredClient.KeptSecret) {
        let text = random(32)
        return (Secret(text), .init(digest: cryptography.digest(text)))
    }
}
