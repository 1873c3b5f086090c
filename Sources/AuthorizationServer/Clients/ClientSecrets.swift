// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension StoredClients {
    /// A secret of a client as a list shows it.
    public struct SecretEntry: Sendable {
        /// Whether the server made it.
        public let isGenerated: Bool
        /// When it ends, if another one has taken its place.
        public let until: Timestamp?
    }

    /// What is known of a client's secrets.
    ///
    /// - Throws: `StoreError`.
    public func secrets(of id: String) async throws -> [SecretEntry] {
        try await stored(id)?.secrets.map { SecretEntry(isGenerated: $0.digest != nil, until: $0.until) } ?? []
    }

    /// Gives a client another secret, while the one before it may be used for some time.
    ///
    /// - Parameters:
    ///   - id: The client.
    ///   - keep: How long the newest of the secrets before it can be used; all others end at once.
    ///   - now: The current time.
    /// - Returns: The secret, which is shown this once and never again.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    public func rotateSecret(of id: String, keepingOldFor keep: Duration, now: Timestamp) async throws -> Secret {
        let fresh = generateSecret()
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

    /// Makes a client inactive, which ends what was granted to it, or active again, which brings none of that back.
    ///
    /// - Throws: `DocumentRefusal`, `StoreError`.
    public func set(active isActive: Bool, of id: String) async throws {
        try await change(id) { $0.document["active"] = isActive ? nil : false }
    }

    private func change(_ id: String, _ body: (inout StoredClient) throws -> Void) async throws {
        try checkDeclared(id)
        for _ in 0..<StoredDocuments.retries {
            guard let former = try await stored(id) else {
                throw DocumentRefusal(
                    .unknown, "the store has no client '\(id)'; 'grantor clients list' shows those that there are")
            }
            var next = former
            try body(&next)
            if try await write(next, over: former) != nil { return }
        }
        throw DocumentRefusal(.changed, "the client '\(id)' was being changed by others; try again")
    }

    /// Clients and users of the configuration whose identifiers a client in the store has.
    ///
    /// - Parameters:
    ///   - settings: What the configuration says.
    ///   - store: The store.
    /// - Returns: A problem for each of them.
    /// - Throws: `StoreError`.
    public static func conflicts(
        with settings: ServerSettings, in store: any Store
    ) async throws -> [ConfigurationProblem] {
        var claims: [(id: String, path: [ConfigurationProblem.Step])] = []
        for (list, documents) in [("clients", settings.clients), ("users", settings.users)] {
            for (number, document) in documents.enumerated() {
                guard let id = document["id"]?.string else { continue }
                claims.append((id, [.key(list), .element(number), .key("id")]))
            }
        }
        var problems: [ConfigurationProblem] = []
        for start in stride(from: 0, to: claims.count, by: 100) {
            let part = Array(claims[start..<min(start + 100, claims.count)])
            let found = try await store.read(part.map { StoredClient.key($0.id) })
            for (claim, record) in zip(part, found) where record.map({ !StoredDocuments.isRemoved($0) }) ?? false {
                problems.append(
                    ConfigurationProblem(
                        at: claim.path, "'\(claim.id)' is the id of a client in the store as well",
                        note: .text("choose another one; 'grantor clients list' shows the clients")))
            }
        }
        return problems
    }
}
