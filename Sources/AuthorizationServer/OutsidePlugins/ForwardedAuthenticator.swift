// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An authenticator of clients of a plugin from outside.
struct ForwardedAuthenticator: ClientAuthenticator {
    let methods: [AuthenticationMethod]
    let parameters: [ParameterDeclaration]
    private let inner: any ClientAuthenticator
    private let threads: PluginThreads

    init(_ inner: any ClientAuthenticator, on threads: PluginThreads) {
        methods = inner.methods
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        try await threads.call("claim") { [inner] in try await inner.claim(in: request) }
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        try await threads.call("prove") { [inner] in try await inner.prove(claim, of: client, in: request) }
    }
}
