// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's shapes fit tokens that come from tokens", .timeLimit(.minutes(10)))
struct TokenShapeTests {
    @Test(
        "a shape registers its parts",
        arguments: [
            ExpectedShape(AssertionGrant.self, settings: ["issuer", "jwks_uri"], adds: ["grant jwt_bearer"]),
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
    private func client() -> Client {
        let document: JSON = ["auth": ["token_exchange": ["workload": "gateway"]]]
        return Client(
            id: "api", isPublic: false, grants: ["token_exchange"], scope: ["read", "write"], document: document)
    }

    @Test("what is not an access token says so, and is made by whichever plugin makes its type")
    func makesProduct() async throws {
        let type = "urn:ietf:params:oauth:token-type:txn_token"
        let registry = try LoadedShape(TransactionTokens.self, host: host).registry
        let limits = AccessLimits(scope: ["read"], audience: ["https://b.example.com"])
        var decided = Authorization(subject: .user("ann"), limits: limits)
        decided.issuedType = type
        let request = TokenRequest(
            grant: GrantDeclaration("exchange", key: "token_exchange", client: .confidential), client: client(),
            parameters: [:], head: RequestHead(method: "POST", path: "/tenant/auth/token"), allowed: limits)
        let answer = try await TokenAnswer.make(decided, for: request, with: registry, at: host.now)
        #expect(answer["token_type"] == "N_A" && answer["issued_token_type"]?.string == type)
        #expect(answer["expires_in"]?.integer == 60)
        let token = answer["access_token"]?.string ?? ""
        let claims = try #require(try await host.keys.verify(token, type: "txntoken+jwt")).claims
        #expect(claims["sub"] == "ann" && claims["scope"] == "read")
        #expect(claims["req_wl"] == "gateway", "the attribute of the grant is read")
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await TokenAnswer.make(decided, for: request, with: Registry(), at: host.now)
        }
        #expect(refusal?.code == .invalidRequest, "nothing makes this type")
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
