// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A token format of a plugin from outside.
struct ForwardedFormat: TokenFormat {
    let name: String
    let isSelfContained: Bool
    private let inner: any TokenFormat
    private let threads: PluginThreads

    init(_ inner: any TokenFormat, on threads: PluginThreads) {
        name = inner.name
        isSelfContained = inner.isSelfContained
        self.inner = inner
        self.threads = threads
    }

    func mint(_ contents: TokenContents) async throws -> MintedToken {
        try await threads.call("mint") { [inner] in try await inner.mint(contents) }
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        try await threads.call("resolve") { [inner] in try await inner.resolve(value) }
    }
}
