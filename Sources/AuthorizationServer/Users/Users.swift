// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// The users in the configuration and in the store.
struct Users: UserDirectory {
    let core: ServerCore
    let declared: DeclaredUsers?
    private let generation: Generation?

    private var hashing: any PasswordHashing { core.passwords }
    private var attempts: SignInAttempts {
        SignInAttempts(store: core.store, now: core.now, digest: core.cryptography.digest, hashing: hashing)
    }

    init(_ core: ServerCore, _ generation: Generation?) {
        self.core = core
        declared = generation?.users
        self.generation = generation
    }

    func find(_ id: String) async throws -> User? {
        if let user = declared?[id] { return try await self.user(user) }
        return try await RecentRecords.read(StoredUser.key(id), from: core.store).map { try StoredUser($0).user }
    }

    func find(issuer: String, subject: String) async throws -> User? {
        let identity = UserIdentity(issuer: issuer, subject: subject)
        if let user = declared?.owner(ofIdentity: identity.digest(core.cryptography)) {
            return try await self.user(user)
        }
        let row = try await core.store.read(identity.key(core.cryptography))
        // If the id has been declared since, the identities of the stored user are void.
        guard let owner = LoginRow(row)?.user, declared?[owner] == nil, let user = try await find(owner),
            UserIdentity.all(in: user.document).contains(identity)
        else { return nil }
        return user
    }

    private func user(_ user: DeclaredUser) async throws -> User {
        let record = try await RecentRecords.read(DeclaredUserRecord.key(user.id), from: core.store)
        return try await self.user(user, given: record)
    }

    /// A declared user with the epoch, which depends on the password and on what the store remembers.
    private func user(_ user: DeclaredUser, given record: StoreRecord?) async throws -> User {
        let state = try await state(of: user)
        let changes = try DeclaredUserRecord(user.id, record).changes(to: state)
        return User(
            id: user.id, isActive: user.isActive, document: user.document,
            epoch: (UserEpoch.number(state) &+ changes) & UserEpoch.largest)
    }

    /// The state that changes with the password and with deactivation, and reveals nothing about the password.
    ///
    /// - Throws: `StoreError`.
    func state(of user: DeclaredUser) async throws -> String {
        guard user.isActive else { return DeclaredUserRecord.inactive }
        let fingerprint = try await user.fingerprint(hashing)
        return core.cryptography.digest(
            "epoch\u{0}\(try await core.epochKey().exposed)\u{0}\(user.id)\u{0}\(fingerprint.exposed)")
    }

    var documents: any DocumentDirectory { core.documents(StoredUser.self, generation) }

    // MARK: epochs

    /// The key to read to find out whether grants to a subject have ended; nil for a client.
    func key(of subject: Subject) -> StoreKey? {
        guard case .user(let id) = subject else { return nil }
        return declared?[id] == nil ? StoredUser.key(id) : DeclaredUserRecord.key(id)
    }

    /// Whether a grant has not ended with its user, who may have been deactivated, removed or given another password.
    ///
    /// A subject that is not in the directory has no epoch. Its grants belong to the plugin alone, and end if the
    /// directory comes to know the subject.
    ///
    /// - Parameters:
    ///   - authorization: The grant.
    ///   - record: The record at the key of the subject.
    /// - Returns: Whether the grant is still valid.
    /// - Throws: `StoreError`.
    func isGood(_ authorization: Authorization, given record: StoreRecord?) async throws -> Bool {
        guard case .user = authorization.subject else { return authorization.epoch == nil }
        let user = try await current(authorization.subject, given: record)
        return user?.isActive ?? true && user?.epoch == authorization.epoch
    }

    private func current(_ subject: Subject, given record: StoreRecord?) async throws -> User? {
        guard case .user(let id) = subject else { return nil }
        if let user = declared?[id] { return try await self.user(user, given: record) }
        return try record.map { try StoredUser($0).user }
    }

    /// Adds the epoch to a new decision, or refuses one that has ended with its user.
    ///
    /// - Returns: The user; nil if the directory does not know the subject.
    /// - Throws: `OAuthError` `invalid_grant`; `StoreError`.
    func check(_ decided: inout Authorization, of id: String) async throws -> User? {
        let user = try await find(id)
        guard user?.isActive ?? true else { throw OAuthError.invalidGrant(reason: "the user '\(id)' is inactive") }
        if decided.origin.isEmpty, decided.epoch == nil { decided.epoch = user?.epoch }
        guard decided.epoch == user?.epoch else {
            throw OAuthError.invalidGrant(reason: "the user '\(id)' has a new password, was deactivated or was removed")
        }
        return user
    }

    // MARK: passwords

    /// The account with a login name, by where its password is kept.
    private enum Account {
        case declared(DeclaredUser)
        case stored(StoredUser)
        case unknown
    }

    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        guard login.utf8.count <= Limit.secret, password.exposed.utf8.count <= Limit.secret else {
            recordFailure(.unknown)
            return .refused
        }
        switch try await attempts.count(login: LoginName.digest(login, core.cryptography), from: address) {
        case .later(let wait):
            core.events.record(Event(.signInDelayed, details: ["seconds": .integer(wait.components.seconds)]))
            return .later(wait)
        case .go(let admission):
            let account = try await account(login)
            let user = try await check(account, password, admission.hashing)
            guard let user, user.isActive else {
                recordFailure(account)
                return user == nil ? .refused : .inactive
            }
            try await attempts.succeeded(admission)
            return .verified(user)
        }
    }

    func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome {
        guard let directory = documents as? StoredUsers, declared?[id] == nil,
            let record = try await core.store.read(StoredUser.key(id))
        else {
            throw DocumentRefusal(.declared, at: "/password", "the user '\(id)' is not in the store")
        }
        // Before anything is counted: a password that cannot be set tells nothing about the current one.
        let hash = try await directory.hash(typed: new, from: address)
        let names = LoginName.names(in: try StoredUser(record).document).map(\.folded)
        let login = try await attempts.known(among: names, at: address) ?? names.last ?? id
        let outcome = try await verify(login: login, password: current, from: address)
        guard case .verified(let user) = outcome else { return outcome }
        // A name may sign in somebody else since the page was shown.
        guard user.id == id else { return .refused }
        try await endSessions(of: user)
        try await directory.set(hash: hash, of: user)
        return outcome
    }

    /// Ends each session by itself, so that its clients are notified; the new epoch would end them without a word.
    private func endSessions(of user: User) async throws {
        for session in try await core.sessionRegistry.list(user: user.id) {
            try await core.tokenRegistry.revoke(.session(session.id), reason: "the user changed the password")
        }
    }

    /// Records whose account it is, but never what was typed: people type passwords into the name field.
    private func recordFailure(_ account: Account) {
        let (id, isActive): (String?, Bool) =
            switch account {
            case .declared(let user): (user.id, user.isActive)
            case .stored(let user): (user.user.id, user.user.isActive)
            case .unknown: (nil, true)
            }
        let rule: JSON = id == nil ? "unknown account" : isActive ? "wrong password" : "inactive"
        core.events.record(Event(.signInFailed, subject: id.map(Subject.user), details: ["rule": rule]))
    }

    private func account(_ login: String) async throws -> Account {
        if let user = declared?.owner(ofLogin: LoginName.digest(login, core.cryptography)) { return .declared(user) }
        let keys = LoginName.digests(login, core.cryptography).map(LoginRow.key)
        guard let owner = try await core.store.read(keys).compactMap(LoginRow.init).first?.user,
            // If the id has been declared since, the login name of the stored user is void too.
            declared?[owner] == nil, let record = try await core.store.read(StoredUser.key(owner))
        else { return .unknown }
        return .stored(try StoredUser(record))
    }

    /// Checks a password and returns the user, with one slow hash for each spelling, whatever the account is and
    /// whether a spelling matches or not.
    private func check(
        _ account: Account, _ typed: Secret, _ hashing: any PasswordHashing
    ) async throws -> User? {
        let spellings = OpaqueString.spellings(typed)
        var right: Secret?
        for spelling in spellings where try await matches(account, spelling, hashing) { right = right ?? spelling }
        guard let right else { return nil }
        switch account {
        case .declared(let user): return try await self.user(user)
        case .stored(let user):
            await upgrade(user, matching: right, to: spellings.last ?? right)
            return user.user
        case .unknown: return nil
        }
    }

    private func matches(
        _ account: Account, _ password: Secret, _ hashing: any PasswordHashing
    ) async throws -> Bool {
        switch account {
        case .declared(let user): return try await matches(user.password, password, hashing)
        case .stored(let user):
            if let hash = user.password { return try await hashing.matches(password, hash) }
        case .unknown: break
        }
        _ = try await hashing.derive(password, salt: core.issuer + "........")
        return false
    }

    private func matches(
        _ kept: DeclaredUser.Password, _ password: Secret, _ hashing: any PasswordHashing
    ) async throws -> Bool {
        switch kept {
        case .plain(let plain): return try await plain.matches(password, hashing)
        case .hash(let hash): return try await hashing.matches(password, hash)
        case .none:
            _ = try await hashing.derive(password, salt: core.issuer + "........")
            return false
        }
    }

    /// Replaces an imported hash, or one of another spelling, by one of the normal form; if that fails, sign-in
    /// succeeds anyway.
    private func upgrade(_ user: StoredUser, matching right: Secret, to normal: Secret) async {
        guard let hash = user.password, hashing.form(of: hash) == .hash(isCurrent: false) || right != normal else {
            return
        }
        do {
            var upgraded = user
            upgraded.password = try await hashing.hash(normal)
            _ = try await core.store.write([.replace(upgraded.updated, ifVersion: user.record.version)])
        } catch {
            core.logger.error(
                "a password could not be rehashed", metadata: ["user": "\(user.id)", "error": "\(error)"])
        }
    }
}
