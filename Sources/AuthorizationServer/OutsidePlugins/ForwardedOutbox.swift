// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An outbox of a plugin from outside.
struct ForwardedOutbox: EventOutbox {
    let kinds: Set<Event.Kind>
    let isRequired: Bool
    private let inner: any EventOutbox
    private let threads: PluginThreads

    init(_ inner: any EventOutbox, on threads: PluginThreads) {
        kinds = inner.kinds
        isRequired = inner.isRequired
        self.inner = inner
        self.threads = threads
    }

    func writes(for event: Event) async throws -> [StoreWrite] {
        try await threads.call("writes") { [inner] in try await inner.writes(for: event) }
    }
}
