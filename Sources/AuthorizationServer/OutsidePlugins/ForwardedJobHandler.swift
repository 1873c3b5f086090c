// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A handler of background jobs of a plugin from outside.
struct ForwardedJobHandler: JobHandler {
    let name: String
    private let inner: any JobHandler
    private let threads: PluginThreads

    init(_ inner: any JobHandler, on threads: PluginThreads) {
        name = inner.name
        self.inner = inner
        self.threads = threads
    }

    func run(_ payload: JSON) async throws {
        try await threads.call("run", within: threads.deadlines.job) { [inner] in try await inner.run(payload) }
    }
}
