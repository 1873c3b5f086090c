// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A product of a plugin from outside.
struct ForwardedProduct: TokenProduct {
    let types: [String]
    let longestLife: Duration
    private let inner: any TokenProduct
    private let threads: PluginThreads

    init(_ inner: any TokenProduct, on threads: PluginThreads) {
        types = inner.types
        longestLife = inner.longestLife
        self.inner = inner
        self.threads = threads
    }

    func make(_ contents: TokenContents) async throws -> MintedToken {
        try await threads.call("make") { [inner] in try await inner.make(contents) }
    }
}
