// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import UnixSignals

/// Reloads on SIGHUP, and records changes of declared users at the start and after each reload.
struct ReloadService: Service {
    let server: RunningServer

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // However many signals arrive during a reload, they cause one more.
            let (requests, asked) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            let signals = await UnixSignalsSequence(trapping: .sighup)
            let forwarding = Task { for await _ in signals { asked.yield() } }
            // Hashing the passwords of thousands of users takes minutes, and no reload waits for that.
            var recording = Task { await server.recordUsers() }
            for await _ in requests {
                recording.cancel()
                await server.reload()
                await recording.value
                recording = Task { await server.recordUsers() }
            }
            forwarding.cancel()
            recording.cancel()
            await recording.value
        }
    }
}
