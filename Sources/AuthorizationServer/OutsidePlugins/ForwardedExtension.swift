// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An extension of responses of a plugin from outside.
struct ForwardedExtension: ResponseExtension {
    let members: [String]
    let stage: Stage
    private let inner: any ResponseExtension
    private let threads: PluginThreads

    init(_ inner: any ResponseExtension, on threads: PluginThreads) {
        members = inner.members
        stage = inner.stage
        self.inner = inner
        self.threads = threads
    }

    func extend(_ issuance: inout Issuance) async throws {
        issuance = try await threads.call("extend") { [inner, issuance] in
            var extended = issuance
            try await inner.extend(&extended)
            return extended
        }
    }
}
