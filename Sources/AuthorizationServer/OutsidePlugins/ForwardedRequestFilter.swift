// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A filter of authorization requests of a plugin from outside.
struct ForwardedRequestFilter: AuthorizationRequestFilter {
    let parameters: [ParameterDeclaration]
    private let inner: any AuthorizationRequestFilter
    private let threads: PluginThreads

    init(_ inner: any AuthorizationRequestFilter, on threads: PluginThreads) {
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        policy = try await threads.call("apply") { [inner, policy] in
            var changed = policy
            try await inner.apply(request, &changed)
            return changed
        }
    }
}
