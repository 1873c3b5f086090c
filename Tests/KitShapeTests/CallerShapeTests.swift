// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's shapes fit callers of all kinds", .timeLimit(.minutes(10)))
struct CallerShapeTests {
    @Test(
        "a shape registers its parts",
        arguments: [
            ExpectedShape(ClientAssertions.self, adds: ["authenticates private_key_jwt"]),
            ExpectedShape(
                MutualTLS.self, attributes: ["tls_client_certificate_bound_access_tokens"],
                adds: [
                    "authenticates self_signed_tls_client_auth", "proof x5t#S256",
                    "metadata tls_client_certificate_bound_access_tokens",
                ]),
            ExpectedShape(
                Registration.self, settings: ["scope", "lifetime"],
                adds: [
                    "collection registration", "version 2 of registration", "endpoint POST /register",
                    "endpoint GET /register/{client}", "endpoint DELETE /register/{client}",
                    "every 3600s expired-registrations",
                ]),
            ExpectedShape(
                ClientDocuments.self, settings: ["scope"],
                adds: ["resolves clients https://", "metadata client_id_metadata_document_supported"]),
            ExpectedShape(
                SCIM.self,
                adds: [
                    "endpoint GET,PUT /scim/v2/Users/{id}", "endpoint GET /scim/v2/Groups/{group}/members/{id}",
                    "endpoint GET /scim/v2/ServiceProviderConfig",
                ]),
        ] as [ExpectedShape])
    func registers(_ expected: ExpectedShape) throws {
        try expected.check()
    }

    private static let signer = client(method: "private_key_jwt", ["keys": [["kid": "k1"]]])

    private static func client(method: String, _ keys: JSON) -> Client {
        let document: JSON = ["token_endpoint_auth_method": .string(method), "jwks": keys]
        return Client(id: "signer", isPublic: false, grants: [], scope: ["read"], document: document)
    }

    private func assertion(_ changes: JSON = [:], key: String = "k1") -> Parameters {
        var claims: JSON = [
            "iss": "signer", "sub": "signer", "aud": "https://id.example.com/tenant", "exp": 1_800_000_060,
            "jti": "a-1",
        ]
        for change in changes.members { claims[change.name] = change.value == .null ? nil : change.value }
        return [
            "client_assertion": TestForeignKeys.token("client-authentication+jwt", claims, key: key),
            "client_assertion_type": ClientAssertions.type,
        ]
    }

    private func authentication(_ clients: [Client]) throws -> TestAuthentication {
        let host = TestHost()
        let plugins: [any Plugin.Type] = [ClientAssertions.self, MutualTLS.self]
        let authenticators = try plugins.flatMap {
            try LoadedShape($0, host: host).registry.authenticators
        }
        return TestAuthentication(authenticators: authenticators, clients: clients)
    }

    @Test("an assertion authenticates its client once")
    func authenticates() async throws {
        let authentication = try authentication([CallerShapeTests.signer])
        #expect(try await authentication.authenticate(assertion()).id == "signer")
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await authentication.authenticate(assertion())
        }
        #expect(refusal?.code == .invalidClient && refusal?.reason == "it was used before")
    }

    @Test(
        "an assertion that lacks a claim or is for another server is refused",
        arguments: [
            ("aud", .null), ("aud", "https://id.example.com/tenant/auth/token"), ("exp", .null),
            ("exp", 1_800_000_900), ("exp", "never"), ("jti", .null), ("sub", "other"), ("iss", "other"),
            ("aud", ["https://id.example.com/tenant", "https://other.example.com"]),
        ] as [(String, JSON)])
    func refusesAssertion(claim: String, value: JSON) async throws {
        let changed = JSON.object([JSON.Member(claim, value)])
        let authentication = try authentication([CallerShapeTests.signer])
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await authentication.authenticate(assertion(changed))
        }
        #expect(refusal?.code == .invalidClient)
    }

    @Test("a client authenticates by its registered method alone, and in one way")
    func comparesMethod() async throws {
        let certificate = [(name: "test-certificate", value: "der")]
        let own: JSON = ["x5t#S256": .string(TestCryptography().digest(Array("der".utf8)))]
        let holder = CallerShapeTests.client(method: "self_signed_tls_client_auth", ["keys": [own, ["kid": "k1"]]])
        let authentication = try authentication([holder])
        let found = try await authentication.authenticate(["client_id": "signer"], headers: certificate)
        #expect(found.id == "signer")
        let other = await #expect(throws: OAuthError.self) { _ = try await authentication.authenticate(assertion()) }
        #expect(other?.code == .invalidClient)
        let both = Parameters(assertion().all + [(name: "client_id", value: "signer")])
        let twice = await #expect(throws: OAuthError.self) {
            _ = try await authentication.authenticate(both, headers: certificate)
        }
        #expect(twice?.code == .invalidRequest)
    }

    @Test("a certificate binds tokens where the client asks for it or the token is bound")
    func bindsToCertificate() async throws {
        let registry = try LoadedShape(MutualTLS.self).registry
        let proof = try #require(registry.later((any PossessionProof).self).first)
        let head = RequestHead(method: "GET", path: "/", headers: [(name: "test-certificate", value: "der")])
        #expect(try await proof.prove(head, client: Fixture.client, presenting: nil) == nil)
        var granted = Fixture.granted
        granted.confirmation = Confirmation("x5t#S256", "thumb", tokenType: "Bearer")
        let token = ResolvedToken(
            kind: .access, id: "t-1", clientID: "app", issuedAt: Timestamp(seconds: 0),
            expiresAt: Timestamp(seconds: 1), authorization: granted)
        let presented = PresentedToken(value: "at-1", token: token)
        let found = try await proof.prove(head, client: Fixture.client, presenting: presented)
        #expect(found?.confirmation.value == TestCryptography().digest(Array("der".utf8)))
    }

    private func bearer(_ scope: Scope, subject: Subject = .user("ann")) -> FoundCaller {
        let granted = Authorization(subject: subject, limits: AccessLimits(scope: scope))
        let token = ResolvedToken(
            kind: .access, id: "t-1", clientID: "app", issuedAt: Timestamp(seconds: 0),
            expiresAt: Timestamp(seconds: 1), authorization: granted)
        return .bearer(Bearer(token: token, client: Fixture.client))
    }

    @Test("a registration gets no more than the ceiling, and only its own client manages it")
    func registersClient() async throws {
        let shape = try LoadedShape(Registration.self)
        let router = TestRouter(shape.registry)
        let document: JSON = [
            "redirect_uris": ["https://app.example.com/back"], "scope": "openid admin", "client_name": "App",
            "grant_types": ["authorization_code", "client_credentials"], "protocol_mappers": [["role": "admin"]],
        ]
        let reply = try await router.send("POST", "/register", document: document)
        #expect(reply.status == 201 && reply.body?["scope"] == "openid" && reply.body?["protocol_mappers"] == nil)
        #expect(reply.body?["grant_types"] == ["authorization_code"])
        #expect(reply.body?["token_endpoint_auth_method"] == "none")
        #expect(try await shape.host.store.write(reply.writes) == .committed)

        let own = bearer(Registration.scope, subject: .client("created"))
        #expect(try await router.send("GET", "/register/created", as: own).body?["client_name"] == "App")
        await #expect(throws: OAuthError.self) {
            _ = try await router.send("DELETE", "/register/created", as: bearer(Registration.scope))
        }
        await #expect(throws: OAuthError.self) { _ = try await router.send("GET", "/register/created") }
        #expect(try await router.send("DELETE", "/register/created", as: own).status == 204)
        let denied = await #expect(throws: OAuthError.self) {
            _ = try await router.send("POST", "/register", as: bearer(["read"]), document: document)
        }
        #expect(denied?.code == .insufficientScope, "wrong credentials are refused where none are needed")
    }

    @Test("a document is a client only under its own address, without a secret, and with a warning")
    func resolvesClient() async throws {
        let shape = try LoadedShape(ClientDocuments.self)
        let resolver = try #require(shape.registry.later((any ClientResolver).self).first)
        let id = "https://app.example.com/client.json"
        shape.host.reply(to: id, ["client_id": .string(id), "scope": "openid admin"])
        let found = try #require(try await resolver.resolve(id))
        #expect(found.warnings.first?.values == ["host": "app.example.com"])
        #expect(found.ceiling.clip(found.registration)["scope"] == "openid")
        shape.host.reply(to: id, ["client_id": "https://other.example.com/"])
        #expect(try await resolver.resolve(id) == nil)
        shape.host.reply(to: id, ["client_id": .string(id), "client_secret": "s"])
        #expect(try await resolver.resolve(id) == nil)
    }

    @Test("an endpoint reads variables anywhere, and answers in its media type with status and headers")
    func answersSCIM() async throws {
        let shape = try LoadedShape(SCIM.self)
        let router = TestRouter(shape.registry)
        let user: JSON = ["id": "ann", "groups": ["staff"]]
        let reply = try await router.send("PUT", "/scim/v2/Users/ann", as: bearer(["scim"]), document: user)
        #expect(reply.headers["ETag"] == "W/\"1\"")
        guard case .file(let bytes, let type) = reply.content, type == "application/scim+json" else {
            Issue.record("the media type is another: \(reply.content)")
            return
        }
        #expect(try JSON(parsing: bytes) == user)
        let member = "/scim/v2/Groups/staff/members/ann"
        #expect(try await router.send("GET", member, as: bearer(["scim"])).status == 200)
        let other = "/scim/v2/Groups/admins/members/ann"
        #expect(try await router.send("GET", other, as: bearer(["scim"])).status == 404)
        #expect(try await router.send("GET", "/scim/v2/ServiceProviderConfig").freshFor == .seconds(3600))
        let refusal = await #expect(throws: OAuthError.self) { _ = try await router.send("GET", member) }
        #expect(refusal?.code == .invalidClient)
    }
}
