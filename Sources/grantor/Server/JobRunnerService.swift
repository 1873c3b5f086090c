// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServiceLifecycle

/// Runs background jobs until the server shuts down.
struct JobRunnerService: Service {
    let runner: JobRunner

    func run() async throws {
        await cancelWhenGracefulShutdown { await runner.run() }
    }
}
