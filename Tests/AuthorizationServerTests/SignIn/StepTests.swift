// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// Verifies a user a second time if the scope `write` or the class `high` is requested.
private struct SecondFactor: Plugin, InteractionStep {
    static let manifest = PluginManifest(id: "second-factor", summary: "", specification: "")
    let name = "second-factor"
    let phase = StepPhase.verify
    let fields = [ParameterDeclaration("answer", longest: 16)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(step: self) }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        let policy = interaction.policy
        guard policy.limits.scope.contains("write") || policy.essentialACR.contains("high"),
            !interaction.amr.contains("otp")
        else { return .skip }
        guard submitted["answer"] == "1234" else { return .page(Page("sign_in", ["title": "Second"])) }
        return .done(StepResult(amr: ["otp"], acr: "high"))
    }
}

/// Lets only Ann pick something that becomes part of the authorization.
private struct Picker: Plugin, InteractionStep {
    static let manifest = PluginManifest(id: "picker", summary: "", specification: "")
    let name = "picker"
    let phase = StepPhase.choose
    let fields = [ParameterDeclaration("answer", longest: 16)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(step: self) }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        guard interaction.policy.limits.scope.contains("pick"), interaction.subject == .user("ann") else {
            return .skip
        }
        guard let answer = submitted["answer"] else { return .page(Page("sign_in", ["title": "Pick"])) }
        return .done(StepResult(attachments: [Picker.manifest.id: ["chosen": .string(answer)]]))
    }
}

/// Takes every user for Bob.
private struct Mistaken: Plugin, InteractionStep {
    static let manifest = PluginManifest(id: "mistaken", summary: "", specification: "")
    let name = "mistaken"
    let phase = StepPhase.verify
    let fields: [ParameterDeclaration] = []

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(step: self) }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        .done(StepResult(subject: .user("bob"), amr: ["otp"], acr: "high"))
    }
}

@Suite("The results of steps belong to one user and one sign-in", .timeLimit(.minutes(10)))
struct StepTests {
    private let house = Demo.request([("client_id", "house"), ("scope", "openid")])
    private let picking = Demo.request([("scope", "openid pick")])
    private let writing = Demo.request([("client_id", "house"), ("scope", "openid write")])

    private func server() async throws -> TestServer {
        func client(_ client: JSON) -> JSON {
            var client = client
            client["scope"] = ["openid", "pick", "write"]
            return client
        }
        return try await Demo.server(
            Plugins.all + [PluginSetup(SecondFactor.self), PluginSetup(Picker.self)],
            clients: [client(Demo.web), client(Demo.house)])
    }

    private func chosen(_ server: TestServer, _ landed: Answer) async throws -> (subject: Subject, chosen: JSON?) {
        let tokens = await server.redeem(landed.query["code"] ?? "")
        let token = try #require(try await server.core.tokens.resolve(tokens["access_token"] ?? ""))
        return (token.authorization.subject, token.authorization.attachments["picker"])
    }

    private func identity(_ server: TestServer, _ landed: Answer) async -> JSON? {
        let tokens = await server.redeem(landed.query["code"] ?? "", as: ("house", Demo.secret))
        return server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims
    }

    @Test("a choice does not apply to another user who signs in in another tab")
    func otherTab() async throws {
        let server = try await server()
        let browser = Browser(server)
        _ = await browser.signIn(await browser.authorize(house))
        let consent = await browser.submit(await browser.authorize(picking), [("answer", "of Ann")])
        #expect(consent.html.contains("Ann Lee"))
        _ = await browser.signIn(await browser.authorize(house + [("prompt", "login")]), "bob")
        let others = await browser.allow(consent)
        #expect(others.status == 200 && !others.html.contains("Ann Lee"))
        let result = try await chosen(server, await browser.allow(others))
        #expect(result.subject == .user("bob") && result.chosen == nil)
    }

    @Test("a choice does not apply to the account that is chosen instead")
    func otherAccount() async throws {
        let server = try await server()
        let browser = Browser(server)
        let pick = await browser.signIn(await browser.authorize(picking))
        let consent = await browser.submit(pick, [("answer", "of Ann")])
        let signIn = await browser.submit(consent, [("decision", "switch")])
        let others = await browser.signIn(signIn, "bob")
        let result = try await chosen(server, await browser.allow(others))
        #expect(result.subject == .user("bob") && result.chosen == nil)
    }

    @Test("a choice applies together with the user's own consent")
    func chooses() async throws {
        let server = try await server()
        let browser = Browser(server)
        let pick = await browser.signIn(await browser.authorize(picking))
        let consent = await browser.submit(pick, [("answer", "of Ann")])
        #expect(try await chosen(server, await browser.allow(consent)).chosen == ["chosen": "of Ann"])
    }

    @Test("a password changed between two pages does not begin a session")
    func changedPassword() async throws {
        let server = try await server()
        try await server.add(["id": "sam", "password": .string(Demo.password)])
        let browser = Browser(server)
        let second = await browser.signIn(await browser.authorize(writing), "sam")
        #expect(second.heading == "Second")
        try await server.stored.set(password: Secret("another horse"), of: "sam")
        let landed = await browser.submit(second, [("answer", "1234")])
        #expect(landed.query["error"] == "login_required" && landed.query["code"] == nil)
        #expect(browser.cookies[Browser.session] == nil)
    }

    @Test("a session is stepped up for a client that requires more")
    func stepsUp() async throws {
        let server = try await server()
        let browser = Browser(server)
        #expect(await browser.signIn(await browser.authorize(house)).query["code"] != nil)
        let former = try #require(browser.cookies[Browser.session])
        let silent = await browser.authorize(writing + [("prompt", "none")])
        #expect(silent.query["error"] == "login_required")
        let second = await browser.authorize(writing)
        #expect(second.heading == "Second" && second.query["code"] == nil)
        #expect(await browser.submit(second, [("answer", "wrong")]).heading == "Second")
        let claims = await identity(server, await browser.submit(second, [("answer", "1234")]))
        #expect(claims?["amr"] == ["pwd", "otp"] && claims?["acr"] == "high")
        #expect(browser.cookies[Browser.session] != former, "it has another identifier")
        #expect(await browser.authorize(writing + [("prompt", "none")]).query["code"] != nil)
        let thief = Browser(server)
        thief.set(Browser.session, former)
        #expect(await thief.authorize(house).heading == "Sign in", "the former one is over")
    }

    @Test(
        "an essential acr that is not reached fails the sign-in", .clause("OpenID Connect Core section 5.5.1.1"),
        arguments: [#""values":["highest","higher"]"#, #""value":"highest""#])
    func essentialACR(_ wanted: String) async throws {
        let server = try await server()
        let browser = Browser(server)
        let claims = #"{"id_token":{"acr":{"essential":true,\#(wanted)}}}"#
        let landed = await browser.signIn(await browser.authorize(house + [("claims", claims)]))
        #expect(landed.query["error"] == "unmet_authentication_requirements" && landed.query["code"] == nil)
        let voluntary = claims.replacing("true", with: "false")
        let other = Browser(server)
        #expect(await other.signIn(await other.authorize(house + [("claims", voluntary)])).query["code"] != nil)
        let silent = await other.authorize(house + [("claims", claims), ("prompt", "none")])
        #expect(silent.query["error"] == "login_required")
    }

    @Test("an essential acr that a step reaches is in the ID token")
    func reachedACR() async throws {
        let server = try await server()
        let browser = Browser(server)
        let claims = #"{"id_token":{"acr":{"essential":true,"values":["highest","high"]}}}"#
        let second = await browser.signIn(await browser.authorize(house + [("claims", claims)]))
        #expect(second.heading == "Second")
        let landed = await browser.submit(second, [("answer", "1234")])
        #expect(await identity(server, landed)?["acr"] == "high")
    }

    @Test("steps that find different users sign nobody in, and their proofs are not combined")
    func differentPeople() async throws {
        let server = try await Demo.server(
            Plugins.all + [PluginSetup(Mistaken.self)], clients: [Demo.house])
        let asked = Browser(server)
        let landed = await asked.signIn(await asked.authorize(house))
        #expect(landed.query["error"] == "access_denied" && landed.query["code"] == nil)
        #expect(asked.cookies[Browser.session] == nil)
        let own = Browser(server)
        let refused = await own.signIn(await own.open("/auth/sessions"))
        #expect(refused.status == 400 && refused.link == "/auth/sessions")
        #expect(own.cookies[Browser.session] == nil)
        #expect(await own.signIn(await own.open("/auth/sessions"), "bob").heading == "Where you are signed in")
    }
}
