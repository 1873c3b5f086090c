// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A plain password in the configuration, kept as a fast digest until its slow hash has been computed.
///
/// That happens soon after the start or when the hash is first needed, so that no start waits for it, and checking a
/// password always costs one slow hash. The salt is the same in every process, and so is the hash, which is the basis
/// of the user's epoch. Therefore the digest, which is the input of the hash, cannot use a key of the process.
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

    func matches(_ password: Secret, _ hashing: any PasswordHashing) async throws -> Bool {
        let input = Secret(digest(prefix + password.exposed))
        let derived = try await hashing.derive(input, salt: salt)
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

    /// The slow hash, computed only once even if several callers ask for it.
    func derived(_ hashing: any PasswordHashing) async throws -> Secret {
        let (known, task) = state.withLock { state -> (Secret?, Task<Secret, any Error>?) in
            switch state {
            case .derived(let known): return (known, nil)
            case .digest(_, let running?): return (nil, running)
            case .digest(let input, nil):
                let task = Task { [salt] in try await hashing.derive(input, salt: salt) }
                state = .digest(input, derivation: task)
                return (nil, task)
            }
        }
        if let known { return known }
        guard let task else { return Secret("") }
        let result = await task.result
        state.withLock { state in
            guard case .digest(let input, _) = state else { return }
            // After a failure, the next caller tries again.
            if case .success(let derived) = result {
                state = .derived(derived)
            } else {
                state = .digest(input, derivation: nil)
            }
        }
        return try result.get()
    }
}
