// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// Answers a request as if the grant of another plugin had decided it.
    ///
    /// The plugin's token filters, its token format and its extensions take part, as they do on a server.
    ///
    /// - Parameters:
    ///   - authorization: What that grant has granted.
    ///   - request: The request.
    /// - Returns: The response.
    /// - Throws: `OAuthError` as the client gets it; `HostRefusal` for a mistake of the plugin that a server would
    ///   answer with `server_error`; `StoreError`; and every other error of the plugin.
    public func token(granting authorization: Authorization, for request: TokenRequest) async throws -> TestToken {
        host.clients.add(request.client)
        try await admit(request)
        for number in 0..<3 {
            let token = try await respond(to: request, granting: authorization, isRepeated: number > 0)
            if let token { return token }
        }
        throw OAuthError(.temporarilyUnavailable, "the request met too many others")
    }

    /// Issues and commits a response.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - decided: What was granted.
    ///   - isRepeated: Whether the grant has decided before, and what it read has changed since.
    /// - Returns: The response; nil if the grant must decide again.
    /// - Throws: What `token(granting:for:)` throws.
    func respond(
        to request: TokenRequest, granting decided: Authorization, isRepeated: Bool
    ) async throws -> TestToken? {
        let authorization = decided.issued(
            under: request.grant.key, grantID: Base64.encode(host.random.bytes(16)))
        let issuance = try await issue(authorization, for: request)
        let derived = authorization.derivation?.tokenID
        let ids = [authorization.grantID, authorization.sessionID, derived].compactMap { $0 }
        let conditions = ids.map { StoreWrite.absent(StoreKey(TestTokens.collection, $0)) }
        let writes = authorization.writes + issuance.writes + conditions
        let outcome = try await host.store.commit(writes, of: "the response of '\(request.grant.wire)'")
        guard case .conflict(let place, let found) = outcome else {
            return TestToken(
                authorization: authorization, limits: issuance.limits, members: .object(issuance.members))
        }
        if case .create = writes[place], !isRepeated { return nil }
        try await conflict(writes[place], found, authorization)
        return nil
    }

    private func conflict(
        _ write: StoreWrite, _ found: StoreRecord?, _ authorization: Authorization
    ) async throws {
        switch write {
        case .replace: return
        case .redeem where found != nil:
            if let id = authorization.grantID { try await host.tokens.revoke(.grant(id), reason: "replay") }
            throw OAuthError.invalidGrant(reason: "it was redeemed before; all that came of it is revoked")
        case .create(let record):
            throw OAuthError.invalidGrant(
                reason: "a record to be created already exists in the collection '\(record.key.collection)'")
        default: throw OAuthError.invalidGrant(reason: "it is gone or revoked")
        }
    }

    // MARK: narrow, mint, extend

    /// Narrows, mints and extends, stage by stage.
    func issue(_ authorization: Authorization, for request: TokenRequest) async throws -> Issuance {
        var limits = authorization.limits
        limits.keep { request.client.scope.contains($0) }
        let isScopeAsked = !(request.parameters["scope"] ?? "").isEmpty
        if isScopeAsked { limits.keep { request.allowed.scope.contains($0) } }
        limits = try await narrow(limits, of: authorization, for: request)
        if limits.notAfter.map({ $0 <= host.clock.now }) ?? false {
            throw OAuthError.invalidGrant(reason: "its limits have ended")
        }
        // An extension may look for the parameters of other grants.
        var asked = request
        asked.parameters.missing = nil
        var issuance = Issuance(
            authorization: authorization, client: request.client, limits: limits, answer: .token(asked),
            issuedAt: host.clock.now)
        try await addToken(to: &issuance)
        let isAlone = authorization.derivation != nil || product(of: authorization) != nil
        return isAlone ? issuance : try await extended(issuance)
    }

    private static let accessType = "urn:ietf:params:oauth:token-type:access_token"

    /// The product that makes what a grant has asked for; nil for an access token.
    private func product(of authorization: Authorization) -> (any TokenProduct)? {
        authorization.issuedType.flatMap { type in registry.products.first { $0.types.contains(type) } }
    }

    func addToken(to issuance: inout Issuance) async throws {
        var carried = issuance.authorization
        carried.limits = issuance.limits
        carried.writes = []
        let end = issuance.issuedAt + .seconds(900)
        var contents = TokenContents(
            id: Base64.encode(host.random.bytes(16)), client: issuance.client, authorization: carried,
            issuedAt: issuance.issuedAt, expiresAt: issuance.limits.notAfter.map { min($0, end) } ?? end)
        let product = product(of: carried)
        if let type = carried.issuedType {
            guard product != nil || type == TestPlugin.accessType else {
                throw OAuthError(.invalidRequest, "no plugin makes tokens of the requested type")
            }
            try issuance.add("issued_token_type", .string(type))
        }
        if let product { contents.expiresAt = min(contents.expiresAt, contents.issuedAt + product.longestLife) }
        if product == nil, registry.formats.first?.isSelfContained ?? false {
            contents.claims = try await host.access.claims(
                for: carried, client: issuance.client, scope: carried.scope, to: .accessToken)
        }
        let token = if let product { try await product.make(contents) } else { try await minted(contents) }
        issuance.tokenID = contents.id
        try issuance.add("access_token", .string(token.value))
        let kind = product == nil ? carried.confirmation?.tokenType ?? "Bearer" : "N_A"
        try issuance.add("token_type", .string(kind))
        try issuance.add("expires_in", .integer((contents.expiresAt - contents.issuedAt).components.seconds))
        for write in token.writes { issuance.alsoWrite(write) }
        try addScope(to: &issuance)
    }

    /// The scope, if it is not what was asked for (RFC 6749 section 5.1).
    private func addScope(to issuance: inout Issuance) throws {
        let parameters: Parameters? =
            switch issuance.answer {
            case .token(let request): request.parameters
            case .authorization(let request): request.parameters
            @unknown default: nil
            }
        let scope = issuance.limits.scope.description
        if scope != parameters?["scope"] ?? "" { try issuance.add("scope", .string(scope)) }
    }

    /// The token in the plugin's own format; without one, a random value that this host resolves.
    private func minted(_ contents: TokenContents) async throws -> MintedToken {
        if let format = registry.formats.first { return try await format.mint(contents) }
        let value = Base64.encode(host.random.bytes(32))
        host.tokens.add(
            value,
            ResolvedToken(
                kind: .access, id: contents.id, clientID: contents.client.id, issuedAt: contents.issuedAt,
                expiresAt: contents.expiresAt, authorization: contents.authorization))
        return MintedToken(value)
    }

    /// A response with what the plugin's extensions add, stage by stage.
    func extended(_ issuance: Issuance) async throws -> Issuance {
        var issuance = issuance
        for stage in [Stage.credential, .assertion] { try await extend(&issuance, at: stage) }
        try host.store.check(issuance.writes, of: "a response")
        return issuance
    }

    /// Lets the plugin's extensions of one stage add to a response.
    func extend(_ issuance: inout Issuance, at stage: Stage) async throws {
        for added in registry.extensions where added.stage == stage {
            let kept = KeptIssuance(issuance)
            try await added.extend(&issuance)
            try kept.check(issuance, adding: added.members)
        }
    }
}
