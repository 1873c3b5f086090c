// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A user in the configuration.
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

    /// The basis of the epoch: it changes with the password, and reveals nothing about it.
    func fingerprint(_ hashing: any PasswordHashing) async throws -> Secret {
        switch password {
        case .none: Secret("")
        case .hash(let text): Secret(text)
        case .plain(let password): try await password.derived(hashing)
        }
    }
}
