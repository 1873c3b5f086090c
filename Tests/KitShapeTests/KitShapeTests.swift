// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

/// Protocols that no plugin needs yet, written against the current kit, so that it will not have to change for them.
@Suite("The kit's shapes fit later protocols", .timeLimit(.minutes(10)))
struct KitShapeTests {
    @Test(
        "a shape reads its settings, declares its attributes and registers its parts",
        arguments: [
            ExpectedShape(
                AuthorizationCode.self, settings: ["code_lifetime"], attributes: ["pkce"],
                adds: [
                    "grant authorization_code", "flow code", "collection authorization_code",
                    "metadata code_challenge_methods_supported",
                ]),
            ExpectedShape(
                OpenID.self, attributes: ["id_token_signed_response_alg"],
                adds: [
                    "flow id_token", "member id_token", "scope on request openid", "document openid-configuration",
                    "endpoint GET,POST /userinfo", "metadata subject_types_supported", "filters nonce",
                    "filters prompt", "filters max_age", "filters login_hint", "filters id_token_hint",
                    "filters acr_values",
                ]),
            ExpectedShape(
                DPoP.self, attributes: ["dpop_bound_access_tokens"],
                adds: [
                    "proof jkt", "filters dpop_jkt", "collection dpop_proof",
                    "metadata dpop_signing_alg_values_supported",
                ]),
            ExpectedShape(
                PushedRequests.self, attributes: ["require_pushed_authorization_requests"],
                adds: ["endpoint POST /par", "resolves request_uri", "collection pushed_request"]),
            ExpectedShape(
                SMARTLaunch.self, settings: ["fhir_base"],
                adds: [
                    "step patient", "member patient", "member encounter", "member need_patient_banner",
                    "scope rule smart", "filters launch", "audience parameter aud", "collection launch",
                    "document smart-configuration",
                ]),
        ])
    func registers(_ expected: ExpectedShape) throws {
        try expected.check()
    }

    @Test("an authorization comes back from the store unchanged", arguments: [Subject.user("ann"), .client("app")])
    func restores(_ subject: Subject) throws {
        var granted = Fixture.granted
        granted.subject = subject
        try granted.limits.keep(audience: ["https://api.example.com"])
        granted.limits.end(by: Timestamp(seconds: 1_900_000_000))
        granted.acr = "silver"
        granted.amr = ["pwd", "otp"]
        granted.actor = ["sub": "assistant", "act": ["sub": "robot"]]
        granted.claims = ["tier": 2]
        granted.confirmation = Confirmation("jkt", "thumb", tokenType: "DPoP")
        granted.attachments[AuthorizationCode.manifest.id] = ["code_challenge": "a-challenge"]
        granted.writes = [.absent(StoreKey("any", "thing"))]
        let issued = granted.issued(under: "authorization_code", grantID: "a-grant")
        let restored = try Authorization(stored: JSON(parsing: issued.stored.bytes))
        #expect(restored.stored == issued.stored)
        #expect(restored.subject == subject && restored.limits == granted.limits)
        #expect(restored.confirmation == granted.confirmation && restored.attachments == granted.attachments)
        #expect(restored.sessionID == "a-session" && restored.actor?["act"]?["sub"] == "robot")
        #expect(restored.origin == "authorization_code" && restored.grantID == "a-grant")
        #expect(restored.writes.isEmpty, "what one answer commits is not part of the grant")
    }

    /// A code that was issued and committed, with the grant that redeems it.
    private func issueCode(
        _ more: [(String, String)] = Fixture.challenge(Fixture.verifier)
    ) async throws -> (shape: LoadedShape, grant: any TokenGrant, code: String) {
        let shape = try LoadedShape(AuthorizationCode.self)
        let answers = try await Issuance.answer(
            Fixture.authorizationRequest(more), with: shape.registry.flows, granting: Fixture.granted,
            at: shape.host.now)
        let answer = try #require(answers.last)
        guard case .committed = try await shape.host.store.write(answer.writes) else {
            throw StoreError("the code was not committed")
        }
        return (shape, try #require(shape.registry.grants.first), try #require(answer["code"]))
    }

    @Test("a code is redeemed once, in the commit of what is issued for it")
    func redeemsCode() async throws {
        let (shape, grant, code) = try await issueCode()
        let request = Fixture.tokenRequest(
            grant.declaration,
            ["code": code, "redirect_uri": Fixture.redirectURI, "code_verifier": Fixture.verifier])
        let authorization = try await grant.authorize(request)
        #expect(authorization.subject == .user("ann") && authorization.origin == "authorization_code")
        #expect(authorization.attachments == ["openid": ["nonce": "n-1"]], "the challenge ends with the code")
        guard authorization.writes.count == 1, case .redeem(let key)? = authorization.writes.first else {
            Issue.record("the code is not redeemed: \(authorization.writes)")
            return
        }
        #expect(try await shape.host.store.read(key)?.isRedeemed == false, "deciding consumes nothing")
        #expect(try await shape.host.store.write(authorization.writes) == .committed)
        let again = try await grant.authorize(request)
        let found = try await shape.host.store.write(again.writes).found
        #expect(found?.isRedeemed == true && again.grantID == "a-grant", "the core can revoke what came of it")
    }

    @Test(
        "a verifier that is wrong, short, missing or unexpected is refused",
        arguments: [
            (Fixture.verifier, String(repeating: "w", count: 43)), ("short", "short"), (Fixture.verifier, nil),
            (nil, Fixture.verifier),
        ] as [(String?, String?)])
    func refusesVerifier(challenged: String?, verifier: String?) async throws {
        let client = Client(
            id: Fixture.client.id, isPublic: false, grants: [], scope: Fixture.client.scope,
            document: ["auth": ["authorization_code": ["pkce": false]]])
        let shape = try LoadedShape(AuthorizationCode.self)
        var request = Fixture.authorizationRequest(challenged.map(Fixture.challenge) ?? [])
        request.client = client
        let answers = try await Issuance.answer(
            request, with: shape.registry.flows, granting: Fixture.granted, at: shape.host.now)
        let answer = try #require(answers.last)
        #expect(try await shape.host.store.write(answer.writes) == .committed)
        var sent = [("code", answer["code"] ?? ""), ("redirect_uri", Fixture.redirectURI)]
        if let verifier { sent.append(("code_verifier", verifier)) }
        let grant = try #require(shape.registry.grants.first)
        let refusal = await #expect(throws: OAuthError.self) {
            let parameters = Parameters(sent.map { (name: $0.0, value: $0.1) })
            _ = try await grant.authorize(Fixture.tokenRequest(grant.declaration, parameters))
        }
        #expect(refusal?.code == .invalidGrant)
    }

    @Test("a request without a challenge is refused unless the client may omit it")
    func requiresChallenge() async throws {
        let refusal = await #expect(throws: OAuthError.self) { _ = try await issueCode([]) }
        #expect(refusal?.code == .invalidRequest)
    }

    @Test("code id_token: one grant, two origins, and the ID token covers the code")
    func answersHybrid() async throws {
        let host = TestHost()
        let flows = try [OpenID.self, AuthorizationCode.self].flatMap { (type: any Plugin.Type) in
            try LoadedShape(type, host: host).registry.flows
        }
        let request = Fixture.authorizationRequest(Fixture.challenge(Fixture.verifier))
        let answers = try await Issuance.answer(
            request, with: flows, granting: Fixture.granted, at: host.now)
        #expect(answers.map(\.authorization.origin) == ["authorization_code", "implicit"])
        #expect(Set(answers.map(\.authorization.grantID)) == ["a-grant"])
        let answer = try #require(answers.last)
        #expect(answer.members.map(\.name) == ["code", "id_token"] && answer.writes.count == 1)
        let claims = try #require(try await host.keys.verify(answer["id_token"] ?? "", type: "JWT")).claims
        #expect(claims["c_hash"]?.string == host.cryptography.leftHalf(answer["code"] ?? "", algorithm: "RS256"))
        #expect(claims["nonce"] == "n-1" && claims["sid"] == "a-session" && claims["at_hash"] == nil)
        #expect(claims["sub"] == "ann" && claims["given_name"] == "Ann")
    }

    @Test("the ID token comes after the access token that it covers, and only for users")
    func extendsTokenAnswer() async throws {
        let shape = try LoadedShape(OpenID.self)
        let plugin = try #require(shape.registry.extensions.first)
        #expect(plugin.stage == .assertion)
        let request = Fixture.authorizationRequest()
        for (subject, isIssued) in [(Subject.user("ann"), true), (.client("app"), false)] {
            var granted = Fixture.granted
            granted.subject = subject
            var issuance = Issuance(
                authorization: granted, client: request.client, limits: granted.limits,
                answer: .standIn(for: request, AuthorizationCode.declaration), issuedAt: shape.host.now)
            try issuance.add("access_token", "at-1")
            try await plugin.extend(&issuance)
            let claims = try await shape.host.keys.verify(issuance["id_token"] ?? "", type: "JWT")?.claims
            #expect((claims?["at_hash"] != nil) == isIssued)
        }
    }
}
