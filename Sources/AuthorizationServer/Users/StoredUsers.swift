// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Makes and changes the users that the store keeps.
public struct StoredUsers: Sendable {
    /// One of them, as a list shows it.
    public struct Entry: Sendable {
        /// The identifier.
        public let id: String
        /// The name to sign in with, if there is one.
        public let userName: String?
        /// The address to sign in with, if there is one.
        public let email: String?
        /// Whether the user may sign in.
        public let isActive: Bool
        /// Whether the user has a password.
        public let hasPassword: Bool
    }

    /// How often a change is tried again when another one was faster.
    private static let retries = 3

    let store: any Store
    let generation: Generation
    let cryptography: any CryptographyService
    let passwords: any PasswordHashing
    let random: @Sendable (Int) -> String

    /// Works on a store.
    ///
    /// - Parameters:
    ///   - store: The store, prepared for the core's collections.
    ///   - generation: What the configuration declares, which is not changed here.
    ///   - cryptography: Makes the keys of names.
    ///   - passwords: Hashes passwords.
    ///   - random: Makes as many random bytes as it is told, as base64url.
    public init(
        store: any Store, generation: Generation, cryptography: any CryptographyService,
        passwords: any PasswordHashing, random: @escaping @Sendable (Int) -> String
    ) {
        self.store = store
        self.generation = generation
        self.cryptography = cryptography
        self.passwords = passwords
        self.random = random
    }

    // MARK: reading

    /// A page of the users, in the order of their identifiers.
    ///
    /// - Parameters:
    ///   - after: The last identifier of the page before, nil for the first page.
    ///   - limit: The most users to return.
    /// - Returns: At most `limit` users.
    /// - Throws: `StoreError`.
    public func list(after: String?, limit: Int) async throws -> [Entry] {
        let records = try await StoredDocuments.records(
            store, StoredUser.collection, kind: StoredUser.kind, after: after, limit: limit)
        return try records.map { record in
            let user = try StoredUser(record)
            return Entry(
                id: user.id, userName: user.document["userName"]?.string, email: user.document["email"]?.string,
                isActive: user.isActive, hasPassword: user.password != nil)
        }
    }

    // MARK: making

    /// Makes a user; of several that claim one name at once, one is made.
    ///
    /// - Parameter document: The members as in the configuration, `password` as plain text or slow hash.
    /// - Returns: What was taken and has no effect, in sentences.
    /// - Throws: `UserProblem`, `StoreError`.
    @discardableResult
    public func add(_ document: JSON) async throws -> [String] {
        do {
            guard document["id"] != nil else { throw DocumentRefusal(.invalid, "a user has no 'id'") }
            return try await create(document).warnings.map(\.message)
        } catch let refusal as DocumentRefusal {
            throw UserProblem(refusal.description)
        }
    }

    private static func text(_ problems: [ConfigurationProblem]) -> String {
        problems.filter { $0.severity == .error }.map { problem in
            if case .text(let note) = problem.note { "\(problem.message): \(note)" } else { problem.message }
        }.joined(separator: "; ")
    }

    func hashed(_ password: String) async throws -> String {
        guard passwords.form(of: password) == .plain else { return password }
        return try await passwords.hash(Secret(OpaqueString.normal(password) ?? password), from: nil)
    }

    // MARK: changing

    /// Gives a user another password, which ends all sessions and all that was granted.
    ///
    /// - Parameters:
    ///   - password: Plain text or a slow hash; 1 to 512 bytes.
    ///   - id: The user.
    /// - Throws: `UserProblem`, `StoreError`.
    public func set(password: Secret, of id: String) async throws {
        var reader = UserDocument(["id": "?", "password": .string(password.exposed)], at: [], passwords: passwords)
        guard reader.check() else { throw UserProblem(StoredUsers.text(reader.problems)) }
        let hash = try await hashed(password.exposed)
        try await change(id) { user in
            user.password = hash
            user.beginEpoch()
        }
    }

    /// Makes a user inactive, which ends all sessions and all that was granted, or active again, which brings none of
    /// that back.
    ///
    /// - Parameters:
    ///   - isActive: Whether the user may sign in.
    ///   - id: The user.
    /// - Throws: `UserProblem`, `StoreError`.
    public func set(active isActive: Bool, of id: String) async throws {
        try await change(id) { user in
            guard user.isActive != isActive else { return }
            user.isActive = isActive
            if !isActive { user.beginEpoch() }
        }
    }

    private func change(_ id: String, _ body: (inout StoredUser) -> Void) async throws {
        guard generation.users[id] == nil else {
            throw UserProblem("the configuration declares the user '\(id)'; change it there, then reload the server")
        }
        for _ in 0..<StoredUsers.retries {
            guard let record = try await store.read(StoredUser.key(id)), !StoredDocuments.isRemoved(record) else {
                throw UserProblem("the store has no user '\(id)'; 'grantor users list' shows those that there are")
            }
            var user = try StoredUser(record)
            body(&user)
            if try await store.write([.replace(user.updated, ifVersion: record.version)]) == .committed { return }
        }
        throw UserProblem("the user '\(id)' was being changed by others; try again")
    }

    // MARK: what the configuration declares as well

    /// Users of the configuration, and clients, whose names a stored user has.
    ///
    /// - Parameters:
    ///   - settings: What the configuration says.
    ///   - store: The store.
    ///   - cryptography: Makes the keys of names.
    /// - Returns: A problem for each of them.
    /// - Throws: `StoreError`.
    public static func conflicts(
        with settings: ServerSettings, in store: any Store, _ cryptography: any CryptographyService
    ) async throws -> [ConfigurationProblem] {
        var claims: [(key: StoreKey, path: [ConfigurationProblem.Step], name: String)] = []
        for (number, client) in settings.clients.enumerated() {
            guard let id = client["id"]?.string else { continue }
            claims.append((StoredUser.key(id), [.key("clients"), .element(number), .key("id")], id))
        }
        for (number, user) in settings.users.enumerated() {
            for name in LoginName.names(in: user) {
                let path: [ConfigurationProblem.Step] = [.key("users"), .element(number), .key(name.member)]
                for key in name.keys(cryptography) { claims.append((key, path, name.folded)) }
            }
        }
        var problems: [ConfigurationProblem] = []
        for start in stride(from: 0, to: claims.count, by: 100) {
            let part = Array(claims[start..<min(start + 100, claims.count)])
            for (claim, found) in zip(part, try await store.read(part.map(\.key))) where found != nil {
                problems.append(
                    ConfigurationProblem(
                        at: claim.path, "'\(claim.name)' is that of a user in the store as well",
                        note: .text("choose another one; 'grantor users list' shows the users")))
            }
        }
        return problems
    }
}
