// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension TestPlugin {
    /// Narrows, mints and extends, stage by stage.
    func issue(_ authorization: Authorization, for request: TokenRequest) async throws -> Issuance {
        var limits = authorization.limits
        limits.keep { request.client.scope.contains($0) }
        if asksForScope(request) { limits.keep { request.allowed.scope.contains($0) } }
        for filter in registry.tokenFilters {
            let before = limits
            try await filter.narrow(&limits, of: authorization, for: request)
            try check(limits, within: before)
        }
        if limits.notAfter.map({ $0 <= host.clock.now }) ?? false {
            throw OAuthError.invalidGrant(reason: "its limits have ended")
        }
        var issuance = Issuance(
            authorization: authorization, client: request.client, limits: limits, answer: .token(request),
            issuedAt: host.clock.now)
        try await addToken(to: &issuance)
        for stage in [Stage.credential, .assertion] {
            for added in registry.extensions where added.stage == stage { try await extend(&issuance, by: added) }
        }
        return issuance
    }

    private func asksForScope(_ request: TokenRequest) -> Bool {
        !(request.parameters["scope"] ?? "").isEmpty
    }

    private func check(_ limits: AccessLimits, within before: AccessLimits) throws {
        let more = limits.scope.words.filter { !before.scope.contains($0) }
        let wider = limits.audience.filter { !before.audience.isEmpty && !before.audience.contains($0) }
        let later = before.notAfter.map { end in limits.notAfter.map { $0 > end } ?? true } ?? false
        let unlimited = limits.audience.isEmpty && !before.audience.isEmpty
        guard more.isEmpty, wider.isEmpty, !later, !unlimited, before.mayRefresh || !limits.mayRefresh else {
            throw HostRefusal("a token filter allows more than it was given: it may only narrow limits")
        }
    }

    private func addToken(to issuance: inout Issuance) async throws {
        var carried = issuance.authorization
        carried.limits = issuance.limits
        carried.writes = []
        let end = issuance.issuedAt + .seconds(900)
        var contents = TokenContents(
            id: Base64.encode(host.random.bytes(16)), client: issuance.client, authorization: carried,
            issuedAt: issuance.issuedAt, expiresAt: issuance.limits.notAfter.map { min($0, end) } ?? end)
        contents.claims = try await host.access.claims(
            for: carried, client: issuance.client, scope: carried.scope, to: .accessToken)
        let token = try await mint(contents)
        issuance.tokenID = contents.id
        try issuance.add("access_token", .string(token.value))
        try issuance.add("token_type", .string(carried.confirmation?.tokenType ?? "Bearer"))
        try issuance.add("expires_in", .integer((contents.expiresAt - contents.issuedAt).components.seconds))
        for write in token.writes { issuance.alsoWrite(write) }
        try addScope(to: &issuance)
    }

    /// The scope, if it is not what was asked for (RFC 6749 section 5.1).
    private func addScope(to issuance: inout Issuance) throws {
        guard case .token(let request) = issuance.answer else { return }
        let (scope, asked) = (issuance.limits.scope.description, request.parameters["scope"] ?? "")
        if scope != asked { try issuance.add("scope", .string(scope)) }
    }

    /// The token in the plugin's own format; without one, a random value that this host resolves.
    private func mint(_ contents: TokenContents) async throws -> MintedToken {
        if let format = registry.formats.first { return try await format.mint(contents) }
        let value = Base64.encode(host.random.bytes(32))
        host.tokens.add(
            value,
            ResolvedToken(
                kind: .access, id: contents.id, clientID: contents.client.id, issuedAt: contents.issuedAt,
                expiresAt: contents.expiresAt, authorization: contents.authorization))
        return MintedToken(value)
    }

    private func extend(_ issuance: inout Issuance, by added: any ResponseExtension) async throws {
        let before = issuance.members.map(\.name)
        try await added.extend(&issuance)
        let undeclared = issuance.members.map(\.name).filter { !before.contains($0) && !added.members.contains($0) }
        guard undeclared.isEmpty else {
            throw HostRefusal("an extension adds '\(undeclared[0])', which is not among its members")
        }
    }
}
