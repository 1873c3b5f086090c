// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServiceLifecycle

/// Deletes expired records until the server shuts down.
struct StorePurgerService: Service {
    let purging: StorePurger

    func run() async throws {
        await cancelWhenGracefulShutdown { await purging.run() }
    }
}
