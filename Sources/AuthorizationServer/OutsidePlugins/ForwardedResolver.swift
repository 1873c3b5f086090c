// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A resolver of tokens of a plugin from outside.
struct ForwardedResolver: TokenResolver {
    private let inner: any TokenResolver
    private let threads: PluginThreads

    init(_ inner: any TokenResolver, on threads: PluginThreads) {
        self.inner = inner
        self.threads = threads
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        try await threads.call("resolve") { [inner] in try await inner.resolve(value) }
    }
}
