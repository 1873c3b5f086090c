// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A user that the configuration declares.
struct DeclaredUser: Sendable {
    enum Password: Sendable {
        case none
        case hash(String)
        case plain(PlainPassword)
    }

    let id: String
    let isActive: Bool
    let document: JSON
    let password: Password

    /// What the epoch rests on: it changes with the password, and tells nothing of it.
    func fingerprint(_ hashing: any PasswordHashing) async throws -> Secret {
        switch password {
        case .none: Secret("")
        case .hash(let text): Secret(text)
        case .plain(let password): try await password.derived(hashing)
        }
    }
}

/// A password that stands readable in the configuration: known here by a digest until the slow hash is computed, soon
/// after the start or when it is first needed, and by the slow hash from then on.
///
/// So no start waits for it, and checking a password costs one slow hash at any time. The salt is the same in every
/// process, and so is the hash, which the user's epoch rests on. That is why no key of the process can stand in front of
/// the digest, which is the hash's input.
final class PlainPassword: Sendable {
    private enum State {
        case digest(Secret, derivation: Task<Secret, any Error>?)
        case derived(Secret)
    }

    private let salt: String
    private let prefix: String
    private let digest: @Sendable (String) -> String
    private let state: Mutex<State>

    init(_ password: Secret, id: String, issuer: String, _ cryptography: any CryptographyService) {
        salt = cryptography.digest("password salt\u{0}\(issuer)\u{0}\(id)")
        prefix = "password\u{0}\(id)\u{0}"
        digest = cryptography.digest
        state = Mutex(.digest(Secret(cryptography.digest(prefix + password.exposed)), derivation: nil))
    }

    func matches(_ password: Secret, _ hashing: any PasswordHashing, from address: String) async throws -> Bool {
        let input = Secret(digest(prefix + password.exposed))
        let derived = try await hashing.derive(input, salt: salt, from: address)
        return state.withLock { state in
            switch state {
            case .derived(let known): return known == derived
            case .digest(let known, _):
                guard known == input else { return false }
                state = .derived(derived)
                return true
            }
        }
    }

    /// The slow hash, computed once however many ask.
    func derived(_ hashing: any PasswordHashing) async throws -> Secret {
        let (known, task) = state.withLock { state -> (Secret?, Task<Secret, any Error>?) in
            switch state {
            case .derived(let known): return (known, nil)
            case .digest(_, let running?): return (nil, running)
            case .digest(let input, nil):
                let task = Task { [salt] in try await hashing.derive(input, salt: salt, from: nil) }
                state = .digest(input, derivation: task)
                return (nil, task)
            }
        }
        if let known { return known }
        guard let task else { return Secret("") }
        let result = await task.result
        state.withLock { state in
            guard case .digest(let input, _) = state else { return }
            // What failed is tried again by the next who asks.
            if case .success(let derived) = result {
                state = .derived(derived)
            } else {
                state = .digest(input, derivation: nil)
            }
        }
        return try result.get()
    }
}

/// The users that the configuration declares, by identifier and by what they sign in with.
struct DeclaredUsers: Sendable {
    let all: [String: DeclaredUser]
    private let logins: [String: String]

    /// Takes documents that were checked.
    init(
        _ documents: [JSON], issuer: String, _ passwords: any PasswordHashing, _ cryptography: any CryptographyService
    ) {
        var (all, logins): ([String: DeclaredUser], [String: String]) = ([:], [:])
        for document in documents {
            guard let id = document["id"]?.string else { continue }
            var shown = document
            shown["password"] = nil
            var password = DeclaredUser.Password.none
            let isActive = document["inactive"] != true
            if let text = document["password"]?.string {
                password =
                    passwords.form(of: text) == .plain
                    ? .plain(
                        PlainPassword(Secret(OpaqueString.normal(text) ?? text), id: id, issuer: issuer, cryptography))
                    : .hash(text)
            }
            all[id] = DeclaredUser(
                id: id, isActive: isActive, document: shown, password: password)
            for name in LoginName.names(in: document) { logins[cryptography.digest(name.folded)] = id }
        }
        (self.all, self.logins) = (all, logins)
    }

    /// The user of an identifier, byte for byte.
    subscript(id: String) -> DeclaredUser? {
        id.utf8.allSatisfy { $0 < 0x80 } ? all[id] : nil
    }

    /// The user who signs in with a name.
    func owner(ofLogin digest: String) -> DeclaredUser? {
        logins[digest].flatMap { all[$0] }
    }
}
