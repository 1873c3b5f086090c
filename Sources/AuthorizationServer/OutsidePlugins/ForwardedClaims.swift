// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A source of claims of a plugin from outside.
struct ForwardedClaims: ClaimsSource {
    let claims: [String]
    let destinations: Set<ClaimsDestination>
    private let inner: any ClaimsSource
    private let threads: PluginThreads

    init(_ inner: any ClaimsSource, on threads: PluginThreads) {
        claims = inner.claims
        destinations = inner.destinations
        self.inner = inner
        self.threads = threads
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        try await threads.call("claims(for:)") { [inner] in try await inner.claims(for: request) }
    }
}
