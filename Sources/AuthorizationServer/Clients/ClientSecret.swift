// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// One of a client's secrets.
struct ClientSecret: Sendable {
    /// How it is known.
    enum Form: Sendable {
        /// By a digest under the process's key.
        case digest(Secret)
        /// By its SHA-256, which is enough for 256 random bits.
        case generated(Secret)
        /// By a hash that is slow to compute.
        case slow(any SlowHash)
    }

    let form: Form
    /// When it ends, if another one has taken its place.
    var until: Timestamp?
}
