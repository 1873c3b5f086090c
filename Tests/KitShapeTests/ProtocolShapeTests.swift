// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

extension KitShapeTests {
    /// A proof as `TestCryptography` accepts it, with some of its claims changed.
    private func proof(_ plugin: DPoP, _ changes: JSON = [:]) async throws -> String {
        var claims: JSON = [
            "htm": "POST", "htu": "https://id.example.com/tenant/auth/token", "iat": 1_800_000_000, "jti": "p-1",
            "nonce": .string(try await plugin.nonce()),
        ]
        for change in changes.members { claims[change.name] = change.value }
        return TestForeignKeys.token("dpop+jwt", claims, key: "thumb")
    }

    private func head(_ proofs: String...) -> RequestHead {
        RequestHead(
            method: "POST", path: "/tenant/auth/token", headers: proofs.map { (name: "dpop", value: $0) })
    }

    private func dpop() throws -> DPoP {
        try #require(try LoadedShape(DPoP.self).registry.later(DPoP.self).first)
    }

    @Test("a proof of possession binds the token and is valid once")
    func proves() async throws {
        let plugin = try dpop()
        #expect(try await plugin.prove(head(), client: Fixture.client, presenting: nil) == nil)
        let sent = head(try await proof(plugin))
        let first = try await plugin.prove(sent, client: Fixture.client, presenting: nil)
        let nonce = try await plugin.nonce()
        #expect(first?.confirmation == Confirmation("jkt", "thumb", tokenType: "DPoP"))
        #expect(first?.responseHeaders == ["DPoP-Nonce": nonce])
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await plugin.prove(sent, client: Fixture.client, presenting: nil)
        }
        #expect(refusal?.code == .invalidDPoPProof && refusal?.headers["DPoP-Nonce"] == nonce)
    }

    @Test(
        "a proof for something else is refused, and the refusal contains the nonce",
        arguments: [
            (["htm": "GET"], "invalid_dpop_proof"), (["htu": "https://id.example.com/"], "invalid_dpop_proof"),
            (["iat": 1_799_999_000], "invalid_dpop_proof"), (["ath": "another"], "invalid_dpop_proof"),
            (["nonce": "stale"], "use_dpop_nonce"),
        ] as [(JSON, String)])
    func refusesProof(changes: JSON, code: String) async throws {
        let plugin = try dpop()
        let token = ResolvedToken(
            kind: .access, id: "t-1", clientID: "app", issuedAt: Timestamp(seconds: 0),
            expiresAt: Timestamp(seconds: 1), authorization: Fixture.granted)
        let presented = PresentedToken(value: "at-1", token: token)
        var claims = changes
        if claims["ath"] == nil { claims["ath"] = .string(TestCryptography().digest("at-1")) }
        let sent = head(try await proof(plugin, claims))
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await plugin.prove(sent, client: Fixture.client, presenting: presented)
        }
        #expect(refusal?.code.rawValue == code && refusal?.headers["DPoP-Nonce"] != nil)
    }

    @Test("a code that was requested with a key is bound to that key", arguments: ["thumb", "other", nil])
    func bindsCode(to thumbprint: String?) async throws {
        let registry = try LoadedShape(DPoP.self).registry
        var policy = InteractionPolicy(limits: Fixture.granted.limits)
        let asked = Fixture.authorizationRequest([("dpop_jkt", "thumb")])
        for filter in registry.requestFilters { try await filter.apply(asked, &policy) }
        var authorization = Fixture.granted
        authorization.attachments.merge(policy.attachments) { _, new in new }
        authorization.confirmation = thumbprint.map { Confirmation("jkt", $0, tokenType: "DPoP") }
        let request = Fixture.tokenRequest(AuthorizationCode.declaration, [:])
        let filter = try #require(registry.tokenFilters.first)
        var limits = authorization.limits
        do {
            try await filter.narrow(&limits, of: authorization, for: request)
            #expect(thumbprint == "thumb")
        } catch let refusal as OAuthError {
            #expect(thumbprint != "thumb" && refusal.code == .invalidGrant)
        }
    }

    @Test("a pushed request can be read until its completion uses it up")
    func pushes() async throws {
        let shape = try LoadedShape(PushedRequests.self)
        let endpoint = try #require(shape.registry.later(PushEndpoint.self).first)
        #expect(endpoint.body == .authorizationRequest)
        let sent: Parameters = ["response_type": "code", "scope": "read"]
        let answer = try await TestRouter(shape.registry).send("POST", "/par", as: .client(Fixture.client), sent)
        #expect(answer.status == 201)
        #expect(try await shape.host.store.write(answer.writes) == .committed)

        let resolver = try #require(shape.registry.later(PushedRequestResolver.self).first)
        let outer: Parameters = ["request_uri": answer.body?["request_uri"]?.string ?? ""]
        _ = try await resolver.resolve(outer, client: Fixture.client)
        let resolved = try #require(try await resolver.resolve(outer, client: Fixture.client))
        #expect(resolved.parameters["scope"] == "read" && resolved.parameters["response_type"] == "code")
        #expect(try await shape.host.store.write(resolved.onCompletion) == .committed)
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await resolver.resolve(outer, client: Fixture.client)
        }
        #expect(refusal?.code == .invalidRequestURI)
        #expect(try await resolver.resolve(sent, client: Fixture.client) == nil, "a request may come by itself")
    }

    @Test("an app launched without a patient gets the one that is picked")
    func picksPatient() async throws {
        let shape = try LoadedShape(SMARTLaunch.self)
        let fhir = "https://fhir.example.com/r4"
        var policy = InteractionPolicy(limits: AccessLimits(scope: ["launch/patient", "patient/*.rs"]))
        let filter = try #require(shape.registry.requestFilters.first)
        await #expect(throws: OAuthError.self) { try await filter.apply(Fixture.authorizationRequest(), &policy) }
        let sent: Parameters = ["aud": "https://fhir.example.com/r4"]
        let spellings = shape.registry.later((any AudienceParameter).self)
        policy.limits = AccessLimits(
            scope: policy.limits.scope, audience: try sent.audiences(spellings))
        try await filter.apply(Fixture.authorizationRequest(), &policy)
        #expect(policy.limits.audience == [fhir])

        shape.host.reply(to: fhir, ["entry": [["resource": ["id": "p1"]], ["resource": ["id": "p2"]]]])
        let step = try #require(shape.registry.steps.first)
        var interaction = Interaction(client: Fixture.client, policy: policy, subject: .user("ann"))
        guard case .page(let page) = try await step.advance(interaction, submitted: [:]) else {
            Issue.record("nobody is asked for a patient")
            return
        }
        interaction.kept = page.kept
        guard case .done(let result) = try await step.advance(interaction, submitted: ["patient": "p2"]) else {
            Issue.record("the choice is not taken")
            return
        }
        var granted = Fixture.granted
        granted.attachments.merge(result.attachments) { _, new in new }
        var issuance = Issuance(
            authorization: granted, client: Fixture.client, limits: policy.limits,
            answer: .standIn(for: Fixture.authorizationRequest(), AuthorizationCode.declaration),
            issuedAt: shape.host.now)
        for plugin in shape.registry.extensions { try await plugin.extend(&issuance) }
        #expect(issuance.members.map(\.name) == ["patient", "need_patient_banner"] && issuance["patient"] == "p2")
    }

    @Test(
        "structured scope values are narrowed to what both sides allow",
        arguments: [
            ("patient/*.rs", ["patient/Observation.rs"]), ("patient/Observation.crs", ["patient/Observation.rs"]),
            ("user/Observation.rs", []), ("openid", nil),
        ] as [(String, [String]?)])
    func narrows(requested: String, expected: [String]?) throws {
        let rule = try #require(try LoadedShape(SMARTLaunch.self).registry.later((any ScopeRule).self).first)
        #expect(rule.narrow(allowed: ["patient/Observation.rs", "openid"], requested: requested) == expected)
    }

    @Test("a request with an access token needs no client authentication")
    func answersBearer() async throws {
        let shape = try LoadedShape(OpenID.self)
        let found = shape.registry.endpoints.first as? any Endpoint<Bearer>
        let endpoint = try #require(found)
        let token = ResolvedToken(
            kind: .access, id: "t-1", clientID: "app", issuedAt: shape.host.now,
            expiresAt: shape.host.now + .seconds(60), authorization: Fixture.granted)
        let request = EndpointRequest(
            head: RequestHead(method: "GET", path: "/userinfo"), caller: Bearer(token: token, client: Fixture.client))
        #expect(try await endpoint.respond(to: request).body == ["sub": "ann", "given_name": "Ann"])
    }

    @Test("the body of a response is a view of its members")
    func viewsContent() {
        let write = StoreWrite.delete(StoreKey("any", "thing"))
        var response = EndpointResponse(["active": true], status: 201, writes: [write])
        #expect(response.status == 201 && response.body == ["active": true] && response.writes.count == 1)
        response.body = ["active": false]
        #expect(response.body?["active"] == false)
        response.body = nil
        guard case .none = response.content else { return #expect(Bool(false), "a body is left") }
        #expect(EndpointResponse.page(Page("device")).body == nil)
    }
}
