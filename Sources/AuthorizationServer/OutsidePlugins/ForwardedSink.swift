// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An event sink of a plugin from outside.
struct ForwardedSink: EventSink {
    let isRequired: Bool
    let takesFromCommands: Bool
    private let inner: any EventSink
    private let threads: PluginThreads

    init(_ inner: any EventSink, on threads: PluginThreads) {
        isRequired = inner.isRequired
        takesFromCommands = inner.takesFromCommands
        self.inner = inner
        self.threads = threads
    }

    func write(_ events: [Event]) async throws {
        try await threads.call("write", within: threads.deadlines.job) { [inner] in try await inner.write(events) }
    }
}
