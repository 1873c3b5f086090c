// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A filter of token requests of a plugin from outside.
struct ForwardedTokenFilter: TokenRequestFilter {
    let parameters: [ParameterDeclaration]
    private let inner: any TokenRequestFilter
    private let threads: PluginThreads

    init(_ inner: any TokenRequestFilter, on threads: PluginThreads) {
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func admit(_ request: TokenRequest) async throws {
        try await threads.call("admit") { [inner] in try await inner.admit(request) }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        limits = try await threads.call("narrow") { [inner, limits] in
            var narrowed = limits
            try await inner.narrow(&narrowed, of: authorization, for: request)
            return narrowed
        }
    }
}
