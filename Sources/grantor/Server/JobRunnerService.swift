// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServiceLifecycle

/// Runs jobs until the server is shut down.
struct JobRunnerService: Service {
    let runner: JobRunner

    func run() async throws {
        await cancelWhenGracefulShutdown { await runner.run() }
    }
}
