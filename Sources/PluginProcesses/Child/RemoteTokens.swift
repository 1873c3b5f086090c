// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The tokens that the server has issued.
struct RemoteTokens: TokenService {
    let connection: HostConnection

    func resolve(_ value: String) async throws -> ResolvedToken? {
        try await connection.ask("tokens.resolve", ["value": .string(value)]).present(ResolvedToken.init(form:))
    }

    func revoke(_ what: Revocation, reason: String) async throws {
        var input = what.form
        input["reason"] = .string(reason)
        _ = try await connection.ask("tokens.revoke", input)
    }

    func unrevoked(_ what: Revocation) async throws -> StoreWrite {
        try StoreWrite(form: await connection.ask("tokens.unrevoked", what.form))
    }
}

/// The core's decisions about scope, audience and claims.
struct RemoteAccess: AccessService {
    let connection: HostConnection

    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        let input: JSON = [
            "authorization": authorization.shown, "client": .string(client.id), "scope": .strings(scope.words),
            "destination": .string(destination.word),
        ]
        return try await connection.ask("access.claims", input).members
    }

    func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits {
        let input: JSON = [
            "parameters": .pairs(parameters.all), "client": .string(client.id), "grant": grant.form,
        ]
        return try AccessLimits(form: await connection.ask("access.limits", input))
    }

    func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization {
        let input: JSON = ["token": .string(token.id), "request": request.form, "audience": .strings(audience)]
        var derived = try Authorization(form: await connection.ask("access.derive", input))
        // The server knows the derivation by the token.
        derived.derivation = try Authorization.derived(
            from: token, for: request, audience: audience, recomputing: []
        ).derivation
        return derived
    }
}

/// The sessions of users.
struct RemoteSessions: SessionDirectory {
    let connection: HostConnection

    func find(_ id: String) async throws -> UserSession? {
        try await connection.ask("sessions.find", ["id": .string(id)]).present(UserSession.init(form:))
    }

    func list(user id: String) async throws -> [UserSession] {
        try await connection.ask("sessions.list", ["user": .string(id)]).elements.map(UserSession.init(form:))
    }

    func clients(of id: String) async throws -> [String] {
        try await connection.ask("sessions.clients", ["id": .string(id)]).strings
    }
}

/// The consents of users.
struct RemoteConsents: ConsentDirectory {
    let connection: HostConnection

    func list(user id: String) async throws -> [StoredConsent] {
        try await connection.ask("consents.list", ["user": .string(id)]).elements.map(StoredConsent.init(form:))
    }

    func end(user id: String, client: String, reason: String) async throws {
        let input: JSON = ["user": .string(id), "client": .string(client), "reason": .string(reason)]
        _ = try await connection.ask("consents.end", input)
    }
}
