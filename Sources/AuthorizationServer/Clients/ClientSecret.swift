// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A secret of a client.
struct ClientSecret: Sendable {
    /// The form in which the server remembers a secret.
    enum Form: Sendable {
        /// As a digest under a key of this process.
        case digest(Secret)
        /// As its SHA-256, which is enough for 256 random bits.
        case generated(Secret)
        /// As a slow hash.
        case slow(any SlowHash)
    }

    let form: Form
    /// When the secret expires, if a newer one has replaced it.
    var until: Timestamp?
}
