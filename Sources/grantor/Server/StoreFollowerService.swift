// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServiceLifecycle

/// Follows the changes of the store until the server shuts down.
struct StoreFollowerService: Service {
    let follower: StoreFollower

    func run() async throws {
        await cancelWhenGracefulShutdown { await follower.run() }
    }
}
