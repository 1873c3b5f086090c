// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServiceLifecycle

/// Renews the server's presence in the store until the server shuts down.
struct PresenceService: Service {
    let presence: ServerPresence
    let core: ServerCore

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: ServerPresence.interval)
                // If the store fails, those who need it report that.
                if !Task.isCancelled { try? await presence.renew(at: core.now) }
            }
        }
    }
}
