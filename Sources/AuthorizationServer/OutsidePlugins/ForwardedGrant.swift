// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A grant of a plugin from outside, which decides on the plugin's threads.
struct ForwardedGrant: TokenGrant {
    let declaration: GrantDeclaration
    let parameters: [ParameterDeclaration]
    private let inner: any TokenGrant
    private let threads: PluginThreads

    init(_ inner: any TokenGrant, on threads: PluginThreads) {
        declaration = inner.declaration
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        try await threads.call("authorize") { [inner] in try await inner.authorize(request) }
    }
}
