// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A participant in revocations of a plugin from outside.
struct ForwardedParticipant: RevocationParticipant {
    private let inner: any RevocationParticipant
    private let threads: PluginThreads

    init(_ inner: any RevocationParticipant, on threads: PluginThreads) {
        self.inner = inner
        self.threads = threads
    }

    func writes(revoking what: Revocation) async throws -> [StoreWrite] {
        try await threads.call("writes") { [inner] in try await inner.writes(revoking: what) }
    }
}
