// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A script, style or image that pages of plugins load.
///
/// The digest of its bytes is part of its path, so browsers can keep it for ever. A page can load no other.
struct Asset: LaterRole {
    let name: String
    let type: String
    let bytes: [UInt8]

    var line: String { "asset \(name)" }

    /// For the host: its path, in which a change of the bytes shows.
    func path(_ cryptography: any LaterCryptography) -> String { "/assets/\(cryptography.digest(bytes))/\(name)" }
}
