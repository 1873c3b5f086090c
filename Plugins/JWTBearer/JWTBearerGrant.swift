// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The grant `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 section 2.1).
///
/// All refusals look the same to the client; the log has the reason.
struct JWTBearerGrant: TokenGrant {
    let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:jwt-bearer", key: "jwt_bearer", client: .identified)
    let parameters = [ParameterDeclaration("assertion", required: true, longest: 8192, secret: true)]

    let host: any PluginHost
    let check: AssertionCheck

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        do {
            return try await decide(request)
        } catch let refusal as JWTRefusal {
            throw OAuthError.invalidGrant(reason: "assertion: \(refusal.reason)")
        }
    }

    private func decide(_ request: TokenRequest) async throws -> Authorization {
        let token = try request.parameters.required("assertion")
        guard let jwt = host.foreignKeys.unverified(token) else { throw JWTRefusal("it is not a signed JWT") }
        let issuer = try check.issuer(of: jwt)
        guard issuer.clients.contains(request.client.id) else {
            throw JWTRefusal("the client is not among the 'clients' of its issuer")
        }
        let isAssertion = IdentityAssertion.isType(of: jwt.header)
        if isAssertion { try checkClient(of: jwt.claims, request.client) }
        let verified = try await check.verify(
            token, jwt, from: issuer, isAssertion: isAssertion, isUsedByCaller: true)
        let claims = verified.claims
        let limits = try await limits(claims, of: issuer, for: request, isAssertion: isAssertion)
        var authorization = try await authorization(
            of: claims, from: issuer, for: request.client, limits, isAssertion: isAssertion)
        authorization.writes = verified.writes
        return authorization
    }

    /// Checks that an identity assertion was issued to this client, which must have authenticated.
    private func checkClient(of claims: JSON, _ client: Client) throws {
        guard !client.isPublic else { throw JWTRefusal("it is for confidential clients, and the client is public") }
        guard claims["client_id"]?.string == client.id else { throw JWTRefusal("it is for another client") }
    }

    // MARK: subject

    private func authorization(
        of claims: JSON, from issuer: TrustedIssuer, for client: Client, _ limits: AccessLimits, isAssertion: Bool
    ) async throws -> Authorization {
        let subject = claims["sub"]?.string ?? ""
        switch issuer.subjects.owner(of: subject, from: client.id) {
        case .user:
            guard let user = try await host.users.find(issuer: issuer.name, subject: subject) else {
                throw JWTRefusal("no user has its issuer and subject among the 'identities'")
            }
            guard user.isActive else { throw JWTRefusal("the user '\(user.id)' is inactive") }
            return Authorization(user: user, limits: limits)
        case .client where !isAssertion: return Authorization(subject: .client(client.id), limits: limits)
        case .client: throw JWTRefusal("an identity assertion is about a user, and 'subjects' has 'as: client'")
        case nil: throw JWTRefusal("no rule in 'subjects' of its issuer fits its subject and the client")
        }
    }

    // MARK: limits

    private func limits(
        _ claims: JSON, of issuer: TrustedIssuer, for request: TokenRequest, isAssertion: Bool
    ) async throws -> AccessLimits {
        var limits = request.allowed
        if isAssertion, let resource = claims["resource"] {
            limits = try await self.limits(for: resource, in: request)
        }
        limits.keep(scope: issuer.scope.contains)
        if let scope = claims["scope"] {
            guard let words = scope.string?.utf8.split(separator: UInt8(ascii: " ")).map({ String(Substring($0)) })
            else { throw JWTRefusal("its 'scope' is not a string") }
            limits.keep(scope: words.contains)
        }
        limits.end(by: host.now + issuer.longestAccess)
        limits.forbidRefresh()
        return limits
    }

    /// The limits of a request with the `resource` of an identity assertion as the audience (RFC 8707).
    ///
    /// The client must be allowed to have all of it, and the server refuses a request that names an audience beyond it.
    private func limits(for resource: JSON, in request: TokenRequest) async throws -> AccessLimits {
        let named = resource.strings
        guard resource.string != nil || resource == .strings(named), !named.isEmpty, !named.contains("") else {
            throw JWTRefusal("its 'resource' is not a string or a list of strings")
        }
        let scope = request.allowed.scope
        let asked =
            named.map { (name: "audience", value: $0) } + (scope.words.isEmpty ? [] : [("scope", scope.description)])
        do {
            var limits = try await host.access.limits(Parameters(asked), for: request.client, under: declaration)
            limits.keep(scope: scope.contains)
            return limits
        } catch let error as OAuthError {
            throw JWTRefusal("the client may not have its 'resource': \(error.description)")
        }
    }
}
