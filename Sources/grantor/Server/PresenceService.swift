// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import ServiceLifecycle

/// Renews the server's presence in the store until the server shuts down.
///
/// A server that could not reach the store for longer than its presence lasts may find another content there, which
/// its keys and what it remembers do not belong to. It ends, and can be started again.
struct PresenceService: Service {
    let presence: ServerPresence
    let core: ServerCore
    let store: any Store

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: ServerPresence.interval)
                // If the store fails, those who need it report that.
                guard !Task.isCancelled, (try? await core.isReplaced(store)) == true else {
                    if !Task.isCancelled { try? await presence.renew(at: core.now) }
                    continue
                }
                throw Failure(
                    "a copy was loaded into the store while this server used it, so the server ends; start it again once "
                        + "the command that loads the copy has ended")
            }
        }
    }
}
