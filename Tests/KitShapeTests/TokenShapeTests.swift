// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's shapes fit tokens that come from tokens", .timeLimit(.minutes(10)))
struct TokenShapeTests {
    @Test(
        "a shape registers its parts",
        arguments: [
            ExpectedShape(TokenExchange.self, attributes: ["other_audiences"], adds: ["grant token_exchange"]),
            ExpectedShape(AssertionGrant.self, settings: ["issuer", "jwks_uri"], adds: ["grant jwt_bearer"]),
            ExpectedShape(
                IdentityAssertions.self, settings: ["servers"],
                adds: [
                    "product urn:ietf:params:oauth:token-type:id-jag",
                    "metadata identity_chaining_requested_token_types_supported",
                ]),
            ExpectedShape(
                TransactionTokens.self, settings: ["trust_domain"], attributes: ["workload"],
                adds: ["product urn:ietf:params:oauth:token-type:txn_token"]),
            ExpectedShape(
                ResourceIndicators.self, settings: ["resources"],
                adds: [
                    "audience parameter resource", "rule audience", "endpoint GET /oauth-protected-resource/{path...}",
                ]),
        ] as [ExpectedShape])
    func registers(_ expected: ExpectedShape) throws {
        try expected.check()
    }

    private let host = TestHost()

    /// A confidential client for which tokens with the audience `api` are issued.
    private func client(mayLeave: Bool = false) -> Client {
        let document: JSON = [
            "auth": ["token_exchange": ["other_audiences": .bool(mayLeave), "workload": "gateway"]]
        ]
        return Client(
            id: "api", isPublic: false, grants: ["token_exchange"], scope: ["read", "write"], document: document)
    }

    private func exchange(
        _ client: Client, audience: [String], type: String? = nil, scope: Scope = ["read", "write"]
    ) async throws -> (authorization: Authorization, request: TokenRequest) {
        var limits = AccessLimits(scope: ["openid", "read"], audience: ["api", "https://a.example.com"])
        limits.end(by: host.now + .seconds(100))
        var granted = Authorization(subject: .user("ann"), limits: limits)
        granted.actor = ["sub": "app"]
        granted.confirmation = Confirmation("jkt", "thumb", tokenType: "DPoP")
        host.issue("subject", granted)
        let grant = try #require(try LoadedShape(TokenExchange.self, host: host).registry.grants.first)
        var sent = [(name: "subject_token", value: "subject")]
        sent.append((name: "subject_token_type", value: TokenExchange.accessToken))
        if let type { sent.append((name: "requested_token_type", value: type)) }
        let request = TokenRequest(
            grant: grant.declaration, client: client, parameters: Parameters(sent),
            head: RequestHead(method: "POST", path: "/tenant/auth/token"),
            allowed: AccessLimits(scope: scope, audience: audience))
        return (try await grant.authorize(request), request)
    }

    @Test("a derived token is narrower, ends with the original and names the actors")
    func derives() async throws {
        let derived = try await exchange(client(), audience: ["https://a.example.com"]).authorization
        #expect(derived.scope == ["read"] && derived.limits.audience == ["https://a.example.com"])
        #expect(derived.grantID == "a-grant" && !derived.limits.mayRefresh && derived.confirmation == nil)
        #expect(derived.limits.notAfter == host.now + .seconds(100), "never longer than the subject token")
        #expect(derived.actor == ["sub": "api", "act": ["sub": "app"]] && derived.writes.count == 1)
    }

    @Test("only a client that may do so exchanges a token for one with another audience")
    func changesAudience() async throws {
        let other = ["https://b.example.com"]
        let refusal = await #expect(throws: OAuthError.self) { _ = try await exchange(client(), audience: other) }
        #expect(refusal?.code == .invalidTarget)
        let derived = try await exchange(client(mayLeave: true), audience: other).authorization
        #expect(derived.limits.audience == other && derived.scope == ["read"])
        let unnamed = try await exchange(client(mayLeave: true), audience: []).authorization
        #expect(unnamed.limits.audience == ["api", "https://a.example.com"], "no audience does not mean all")
    }

    @Test(
        "what is not an access token says so, and is made by whichever plugin makes its type",
        arguments: [
            ("urn:ietf:params:oauth:token-type:id-jag", "https://as.example.com", "oauth-id-jag+jwt", 100),
            ("urn:ietf:params:oauth:token-type:txn_token", "https://b.example.com", "txntoken+jwt", 60),
        ] as [(String, String, String, Int64)])
    func makesProduct(type: String, audience: String, header: String, life: Int64) async throws {
        var registry = Registry()
        let plugins: [any Plugin.Type] = [IdentityAssertions.self, TransactionTokens.self]
        for plugin in plugins {
            try plugin.init(settings: Settings(RecordingSettings()), host: host).register(in: &registry)
        }
        let (decided, request) = try await exchange(client(mayLeave: true), audience: [audience], type: type)
        let answer = try await TokenAnswer.make(decided, for: request, with: registry, at: host.now)
        #expect(answer["token_type"] == "N_A" && answer["issued_token_type"]?.string == type)
        #expect(answer["expires_in"]?.integer == life)
        let claims = try #require(try await host.keys.verify(answer["access_token"]?.string ?? "", type: header)).claims
        #expect(claims["sub"] == "ann" && claims["scope"] == "read")
        #expect(claims["req_wl"] == nil || claims["req_wl"] == "gateway", "the attribute of the grant is read")
        let refusal = await #expect(throws: OAuthError.self) {
            let (other, request) = try await exchange(client(), audience: [], type: type)
            _ = try await TokenAnswer.make(other, for: request, with: Registry(), at: host.now)
        }
        #expect(refusal?.code == .invalidRequest, "nothing makes this type")
    }

    @Test("an assertion is for exactly one server that is known")
    func refusesTarget() async throws {
        let registry = try LoadedShape(IdentityAssertions.self).registry
        let product = try #require(registry.later(IdentityAssertions.self).first)
        let limits = AccessLimits(scope: ["read"], audience: ["https://unknown.example.com"])
        let contents = TokenContents(
            id: "t", client: client(), authorization: Authorization(subject: .user("ann"), limits: limits),
            issuedAt: host.now, expiresAt: host.now)
        let refusal = await #expect(throws: OAuthError.self) { _ = try await product.make(contents) }
        #expect(refusal?.code == .invalidTarget)
    }

    @Test(
        "an assertion of another server is for this client, this server and a user who is active",
        arguments: [
            ("sub", "ann", nil), ("sub", "bob", "the subject is not an active user"),
            ("client_id", "other", "it is for another client, or for a key"),
            ("cnf", ["jkt": "thumb"], "it is for another client, or for a key"),
            ("aud", ["https://id.example.com/tenant", "x"], "it is for other audiences too"),
            ("iss", "https://evil.example.com", "it is from another issuer"),
        ] as [(String, JSON, String?)])
    func takesAssertion(claim: String, value: JSON, reason: String?) async throws {
        host.reply(to: "https://idp.example.com/jwks", TestForeignKeys.keys("idp"))
        var claims: JSON = [
            "iss": "https://idp.example.com", "sub": "ann", "aud": "https://id.example.com/tenant", "scope": "read",
            "client_id": "api", "exp": 1_800_000_060, "iat": 1_800_000_000, "jti": "a-1",
        ]
        claims[claim] = value
        let assertion = TestForeignKeys.token("oauth-id-jag+jwt", claims, key: "idp")
        let grant = try #require(try LoadedShape(AssertionGrant.self, host: host).registry.grants.first)
        let request = TokenRequest(
            grant: grant.declaration, client: client(), parameters: ["assertion": assertion],
            head: RequestHead(method: "POST", path: "/"), allowed: AccessLimits(scope: ["read", "write"]))
        do {
            let granted = try await grant.authorize(request)
            #expect(granted.subject == .user("ann") && granted.scope == ["read"] && reason == nil)
        } catch let refusal as OAuthError {
            #expect(refusal.code == .invalidGrant && refusal.reason == reason)
        }
        let own = AccessLimits(scope: ["read"], audience: ["api"])
        host.issue("own", Authorization(subject: .user("ann"), limits: own))
        let behalf = TokenRequest(
            grant: grant.declaration, client: client(), parameters: ["assertion": "own"],
            head: RequestHead(method: "POST", path: "/"),
            allowed: AccessLimits(scope: ["read"], audience: ["https://c.example.com"]))
        #expect(try await grant.authorize(behalf).limits.audience == ["https://c.example.com"])
    }

    @Test("'resource' and 'audience' are one list, and a slash after an origin does not count")
    func readsAudience() throws {
        let spellings = try [ResourceIndicators.self, SMARTLaunch.self].flatMap { (type: any Plugin.Type) in
            try LoadedShape(type).registry.later((any AudienceParameter).self)
        }
        let sent = Parameters([
            (name: "audience", value: "https://a.example.com"), (name: "resource", value: "https://a.example.com/"),
            (name: "aud", value: "https://fhir.example.com/r4"),
        ])
        #expect(try sent.audiences(spellings) == ["https://a.example.com", "https://fhir.example.com/r4"])
        for value in ["api", "https://a.example.com/#x"] {
            let wrong: Parameters = ["resource": value]
            let refusal = #expect(throws: OAuthError.self) { try wrong.audiences(spellings) }
            #expect(refusal?.code == .invalidTarget)
        }
    }
}
