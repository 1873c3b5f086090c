// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServiceLifecycle

/// Purges until the server is shut down.
struct StorePurgerService: Service {
    let purging: StorePurger

    func run() async throws {
        await cancelWhenGracefulShutdown { await purging.run() }
    }
}
