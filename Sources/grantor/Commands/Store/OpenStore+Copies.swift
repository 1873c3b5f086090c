// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

extension OpenStore {
    /// All collections of the configuration.
    var collections: [StoreCollection] {
        ServerCore.collections + [StoredKeys.collection] + generation.capabilities.collections
    }

    /// Refuses a store that servers use.
    ///
    /// - Throws: `Failure`, `StoreError`.
    func refuseServers() async throws {
        let running = try await ServerPresence.running(in: store, at: SystemEnvironment().now)
        guard running.isEmpty else {
            throw Failure(
                "a server uses the store (\(running.joined(separator: ", "))), so what it writes meanwhile would be "
                    + "missing; stop every server first, and wait half a minute if one was killed")
        }
    }
}
