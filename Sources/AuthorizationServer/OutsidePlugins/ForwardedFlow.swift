// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A response type of a plugin from outside.
struct ForwardedFlow: AuthorizationFlow {
    let word: String
    let grant: GrantDeclaration
    let combinesWith: Set<String>
    let delivery: Delivery
    let issuesAccessToken: Bool
    let isCompanion: Bool
    let stage: Stage
    let parameters: [ParameterDeclaration]
    private let inner: any AuthorizationFlow
    private let threads: PluginThreads

    init(_ inner: any AuthorizationFlow, on threads: PluginThreads) {
        word = inner.word
        grant = inner.grant
        combinesWith = inner.combinesWith
        delivery = inner.delivery
        issuesAccessToken = inner.issuesAccessToken
        isCompanion = inner.isCompanion
        stage = inner.stage
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func validate(_ request: AuthorizationRequest) async throws {
        try await threads.call("validate") { [inner] in try await inner.validate(request) }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        issuance = try await threads.call("respond") { [inner, issuance] in
            var extended = issuance
            try await inner.respond(&extended, to: request)
            return extended
        }
    }
}
