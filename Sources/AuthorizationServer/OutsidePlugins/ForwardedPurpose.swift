// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A purpose of interactions of a plugin from outside.
struct ForwardedPurpose: InteractionPurpose {
    let name: String
    let grant: GrantDeclaration
    private let inner: any InteractionPurpose
    private let threads: PluginThreads

    init(_ inner: any InteractionPurpose, on threads: PluginThreads) {
        name = inner.name
        grant = inner.grant
        self.inner = inner
        self.threads = threads
    }

    func request(for context: JSON) async throws -> PurposeRequest {
        try await threads.call("request") { [inner] in try await inner.request(for: context) }
    }

    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
        try await threads.call("approved") { [inner] in try await inner.approved(authorization, for: context) }
    }

    func denied(for context: JSON) async throws -> PurposeAnswer {
        try await threads.call("denied") { [inner] in try await inner.denied(for: context) }
    }
}
