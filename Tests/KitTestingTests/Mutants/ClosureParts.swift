// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A plugin that adds what a function adds.
struct ClosureParts: Plugin {
    typealias Register = @Sendable (inout Registry) -> Void

    static let manifest = PluginManifest(id: "closure-parts", summary: "is tested", specification: "")

    private let adding: Register

    init(settings: Settings, host: any PluginHost) {
        self.init { _ in }
    }

    private init(_ adding: @escaping Register) {
        self.adding = adding
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("part", indexes: ["owner"]))
        adding(&registry)
    }

    /// A plugin whose parts a function adds; it gets the host of each plugin.
    static func underTest(
        _ add: @escaping @Sendable (inout Registry, any PluginHost) -> Void
    ) -> PluginUnderTest {
        PluginUnderTest(manifest) { _, host in ClosureParts { add(&$0, host) } }
    }
}

/// A token format whose work two functions do.
struct ClosureFormat: TokenFormat {
    var name = "closure"
    var isSelfContained = false
    let making: @Sendable (TokenContents) async throws -> MintedToken
    let resolving: @Sendable (String) async throws -> ResolvedToken?

    func mint(_ contents: TokenContents) async throws -> MintedToken { try await making(contents) }
    func resolve(_ value: String) async throws -> ResolvedToken? { try await resolving(value) }
}

/// A resolver whose work a function does.
struct ClosureResolver: TokenResolver {
    let resolving: @Sendable (String) async throws -> ResolvedToken?

    func resolve(_ value: String) async throws -> ResolvedToken? { try await resolving(value) }
}

/// An extension of responses whose work a function does.
struct ClosureExtension: ResponseExtension {
    var members = ["ticket"]
    let extending: @Sendable (inout Issuance) async throws -> Void

    func extend(_ issuance: inout Issuance) async throws { try await extending(&issuance) }
}

/// A filter of token requests whose work two functions do.
struct ClosureTokenFilter: TokenRequestFilter {
    var parameters: [ParameterDeclaration] = []
    var admitting: @Sendable (TokenRequest) async throws -> Void = { _ in }
    var narrowing: @Sendable (inout AccessLimits) async throws -> Void = { _ in }

    func admit(_ request: TokenRequest) async throws { try await admitting(request) }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        try await narrowing(&limits)
    }
}

/// A source of claims whose work a function does.
struct ClosureClaims: ClaimsSource {
    var claims = ["department"]
    var destinations: Set<ClaimsDestination> = [.userinfo, .accessToken]
    let telling: @Sendable (ClaimsRequest) async throws -> [JSON.Member]

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] { try await telling(request) }
}

/// A participant in revocations whose work a function does.
struct ClosureParticipant: RevocationParticipant {
    let writing: @Sendable (Revocation) async throws -> [StoreWrite]

    func writes(revoking what: Revocation) async throws -> [StoreWrite] { try await writing(what) }
}
