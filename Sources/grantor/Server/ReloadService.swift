// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import UnixSignals

/// Reloads whenever SIGHUP arrives, and records at the start and after each reload what has changed of the users.
struct ReloadService: Service {
    let server: RunningServer

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // Signals that come during a reload ask for one more, however many they are.
            let (requests, asked) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            let signals = await UnixSignalsSequence(trapping: .sighup)
            let forwarding = Task { for await _ in signals { asked.yield() } }
            // Passwords of thousands of people take minutes to hash, and no reload waits for that.
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
