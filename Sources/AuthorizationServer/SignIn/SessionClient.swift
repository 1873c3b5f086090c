// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client that was granted something under a session: whom the end of the session concerns.
enum SessionClient {
    static let collection = StoreCollection("session_client", indexes: ["session"])

    static func key(_ session: String, _ client: String, in core: ServerCore) -> StoreKey {
        // No id of a session holds the separator.
        StoreKey("session_client", core.cryptography.digest("\(session)\u{0}\(client)"))
    }
}
