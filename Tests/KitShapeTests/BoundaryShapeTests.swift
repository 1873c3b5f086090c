// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's values can cross to another process", .timeLimit(.minutes(10)))
struct BoundaryShapeTests {
    private let host = TestHost()

    private func pipe(to type: any Plugin.Type) throws -> Pipe {
        let child = ChildProcess(registry: try LoadedShape(type, host: host).registry)
        return { try await child.answer($0, $1) }
    }

    @Test("a grant in another process decides the same, and refuses the same", arguments: [Fixture.verifier, "wrong"])
    func isolatesGrant(verifier: String) async throws {
        let registry = try LoadedShape(AuthorizationCode.self, host: host).registry
        let request = Fixture.authorizationRequest(Fixture.challenge(Fixture.verifier))
        let answers = try await Issuance.answer(
            request, with: registry.flows, granting: Fixture.granted, at: host.now)
        let answer = try #require(answers.last)
        #expect(try await host.store.write(answer.writes) == .committed)
        let inside = try #require(registry.grants.first)
        let outside = IsolatedGrant(
            declaration: inside.declaration, parameters: inside.parameters,
            pipe: try pipe(to: AuthorizationCode.self))
        let sent = Fixture.tokenRequest(
            inside.declaration,
            ["code": answer["code"] ?? "", "redirect_uri": Fixture.redirectURI, "code_verifier": verifier])
        do {
            let decided = try await outside.authorize(sent)
            let same = try await inside.authorize(sent)
            #expect(decided.form == same.form && verifier == Fixture.verifier)
            #expect(try await host.store.write(decided.writes) == .committed)
        } catch let refusal as OAuthError {
            let same = await #expect(throws: OAuthError.self) { _ = try await inside.authorize(sent) }
            #expect(refusal.form == same?.form && verifier == "wrong")
        }
    }

    @Test("a filter in another process refuses the same, and one that widens gains nothing")
    func isolatesFilter() async throws {
        var bound = Fixture.granted
        bound.attachments[DPoP.manifest.id] = ["jkt": "thumb"]
        let request = Fixture.tokenRequest(AuthorizationCode.declaration, [:])
        var limits = bound.limits
        let filter = IsolatedFilter(pipe: try pipe(to: DPoP.self))
        let refusal = await #expect(throws: OAuthError.self) {
            var limits = bound.limits
            try await filter.narrow(&limits, of: bound, for: request)
        }
        #expect(refusal?.code == .invalidGrant && refusal?.reason == "the code is bound to another key")

        let wide = AccessLimits(scope: ["openid", "read", "admin"], audience: [], notAfter: nil, mayRefresh: true)
        limits.forbidRefresh()
        try limits.keep(audience: ["https://api.example.com"])
        limits.end(by: Timestamp(seconds: 1_800_000_100))
        let before = limits
        try await IsolatedFilter(pipe: { _, _ in JSONFrame.text(wide.form) }).narrow(&limits, of: bound, for: request)
        #expect(limits == before)
    }

    @Test("a frame of another version is refused")
    func refusesVersion() {
        #expect(throws: FormError.self) { try JSONFrame.value(#"{"v":2,"value":{}}"#) }
    }

    @Test(
        "every kind of write comes back as it was",
        arguments: [
            .create(
                StoreRecord(StoreKey("a", "1"), ["x": 1], expiresAt: Timestamp(seconds: 9), indexes: ["by": "value"])),
            .replace(StoreRecord(StoreKey("a", "1"), .null, expiresAt: Timestamp(seconds: 9)), ifVersion: 3),
            .redeem(StoreKey("a", "1")), .delete(StoreKey("a", "1")), .absent(StoreKey("a", "1")),
        ] as [StoreWrite])
    func crosses(write: StoreWrite) throws {
        let restored = try StoreWrite(form: JSON(parsing: write.form.text))
        #expect(restored.form == write.form && "\(restored)" == "\(write)")
    }

    @Test("what is stored keeps its form: a server that is updated reads the codes of the one before")
    func keepsStoredForm() throws {
        let stored = #"""
            {"v":1,"user":"ann","scope":"openid read","origin":"code","aud":["https://a"],"exp":9,"refresh":true,\#
            "sid":"s","epoch":1,"grant":"g","cnf":["jkt","t","DPoP"],"attachments":{"openid":{"nonce":"n"}}}
            """#
        let authorization = try Authorization(stored: JSON(parsing: stored))
        #expect(authorization.stored.text == stored && authorization.confirmation?.value == "t")
    }
}
