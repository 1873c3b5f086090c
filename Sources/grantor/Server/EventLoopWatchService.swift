// SPDX-License-Identifier: Apache-2.0

import ServerHTTP
import ServiceLifecycle

/// Watches the event loops until the server shuts down.
struct EventLoopWatchService: Service {
    let watch: EventLoopWatch

    func run() async throws {
        await cancelWhenGracefulShutdown { await watch.run() }
    }
}
