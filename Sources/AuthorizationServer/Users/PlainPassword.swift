// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A password that is readable in the configuration: known here by a digest until the slow hash is computed, soon
/// after the start or when it is first needed, and by the slow hash from then on.
///
/// So no start waits for it, and checking a password costs one slow hash at any time. The salt is the same in every
/// process, and so is the hash, which the user's epoch rests on. That is why no key of the process can come before
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
