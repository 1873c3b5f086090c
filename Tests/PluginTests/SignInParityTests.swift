// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import GrantKitTesting
import Support
import Testing

/// Asks for one word, which decides what the step does.
private struct Scripted: Plugin, InteractionStep {
    static let manifest = PluginManifest(id: "scripted", summary: "", specification: "")

    let name = "scripted"
    let phase = StepPhase.identify
    let fields = [ParameterDeclaration("word", longest: 16)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(step: self)
    }

    private struct OwnError: Error {}

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        let kept = interaction.kept?.string
        guard let word = submitted["word"] else { return .page(page(kept ?? "")) }
        switch word {
        case "page", "unknown", "reserved": return .page(Page("sign_in", kept: .string(word)))
        case "refuse": return .refuse(OAuthError(.accessDenied, "no"))
        case "skip": return .skip
        case "throw": throw OAuthError(.invalidRequest, "not now")
        case "fail": throw OwnError()
        case "no-one": return .done(StepResult(amr: ["pwd"]))
        default: return .done(StepResult(subject: .user(word), amr: ["pwd"]))
        }
    }

    private func page(_ word: String) -> Page {
        switch word {
        case "unknown": Page("does_not_exist", kept: .string(word))
        case "reserved": Page("sign_in", ["csrf": "own"], kept: .string(word))
        default: Page("sign_in", ["title": "Word"], kept: .string(word))
        }
    }
}

/// A filter that does what a parameter says.
private struct ScriptedFilter: Plugin, AuthorizationRequestFilter {
    static let manifest = PluginManifest(id: "scripted-filter", summary: "", specification: "")

    let parameters = [ParameterDeclaration("how", longest: 16)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(requestFilter: self)
    }

    private struct OwnError: Error {}

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        switch request.parameters["how"] {
        case "narrow": policy.limits.keep { $0 == "read" }
        case "widen": policy.limits = AccessLimits(scope: ["read", "admin"])
        case "refuse": throw OAuthError(.accessDenied, "no")
        case "end": policy.limits.end(by: Timestamp(seconds: 1))
        case "warn": policy.consent.add(ConsentWarning("does_not_exist"))
        case "fail": throw OwnError()
        default: return
        }
    }
}

@Suite("A test's host asks users as the server does", .timeLimit(.minutes(10)))
struct SignInParityTests {
    /// What a client or a user learns.
    private enum End: Equatable {
        case granted
        case page
        case refused(String)
        case failed

        init(_ code: OAuthError.Code) {
            self = code == .serverError ? .failed : .refused(code.rawValue)
        }

        init(_ answer: Answer, of heading: String) {
            if answer.query["code"] != nil {
                self = .granted
            } else if let error = answer.query["error"] {
                self.init(OAuthError.Code(rawValue: error))
            } else if answer.status == 200, answer.heading == heading {
                self = .page
            } else {
                self = answer.status >= 500 ? .failed : .refused("invalid_request")
            }
        }

        init(_ send: () async throws -> End) async {
            do {
                self = try await send()
            } catch let error as OAuthError {
                self.init(error.code)
            } catch {
                self = .failed
            }
        }
    }

    private static let users = ["ann": true, "ida": false]

    private static func host() -> TestHost {
        let host = TestHost()
        for (id, isActive) in users { host.users.add(User(id: id, isActive: isActive, document: [:])) }
        return host
    }

    @Test(
        "a step",
        arguments: [
            [("word", "ann")], [("word", "page")], [("word", "refuse")], [("word", "throw")], [("word", "fail")],
            [("word", "no-one")], [("word", "nobody")], [("word", "ida")], [("word", "skip")], [("word", "unknown")],
            [("word", "reserved")], [], [("word", "")], [("other", "ann")], [("word", "ann"), ("word", "ann")],
            [("word", "a word that is too long")],
        ])
    func step(_ form: [(String, String)]) async throws {
        let plugins = Plugins.all.filter { $0.type.manifest.id != "password-login" } + [PluginSetup(Scripted.self)]
        let server = try await Demo.server(plugins, clients: [Demo.house])
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request([("client_id", "house")]))
        #expect(page.heading == "Word")
        let real = End(await browser.submit(page, form), of: "Word")

        let plugin = try await SignInParityTests.host().load(Scripted.self)
        let first = try await plugin.signIn("scripted")
        let tested = await End {
            let next = try await first.submit(Parameters(form.map { (name: $0.0, value: $0.1) }))
            if let refusal = next.refusal { return End(refusal.code) }
            // Without a step that identifies a user, a sign-in cannot continue.
            if next.isSkipped { return .refused("login_required") }
            return next.page == nil ? .granted : .page
        }
        #expect(tested == real)
    }

    @Test("the page after a redirect has only what was kept, at both")
    func kept() async throws {
        let plugin = try await SignInParityTests.host().load(Scripted.self)
        let first = try await plugin.signIn("scripted")
        let next = try await first.submit(["word": "page"])
        #expect(next.page?.kept == "page" && next.page?.values["title"] == "Word")
    }

    @Test(
        "a filter", arguments: ["", "narrow", "widen", "refuse", "end", "warn", "fail"])
    func filter(_ how: String) async throws {
        let server = try await Demo.server(Plugins.all + [PluginSetup(ScriptedFilter.self)])
        let sent = Demo.request([("client_id", "house"), ("scope", "openid read"), ("how", how)])
        let real = End(await Browser(server).authorize(sent), of: "Sign in")

        let plugin = try await SignInParityTests.host().load(ScriptedFilter.self)
        let tested = await End {
            let policy = try await plugin.filter(["how": how, "scope": "read"])
            let isOver = policy.limits.notAfter.map { $0 <= plugin.host.clock.now } ?? false
            return isOver ? .refused("access_denied") : .page
        }
        #expect(tested == real)
    }

    @Test(
        "the response type 'code'",
        arguments: [
            [], [("code_challenge", nil)], [("code_challenge", "short")], [("code_challenge_method", "plain")],
            [("response_type", "device")], [("response_type", "code device")], [("scope", "unknown")],
            [("scope", "profile unknown")], [("scope", "\"")], [("unknown", "x")],
        ] as [[(String, String?)]])
    func flow(_ changes: [(String, String?)]) async throws {
        let server = try await Demo.server()
        let sent = Demo.request([("client_id", "house"), ("scope", "profile"), ("nonce", nil)] + changes)
        let real = End(await Browser(server).authorize(sent), of: "Sign in")

        let plugin = try await TestHost().load(Plugins.authorizationCode)
        let client = Client.test(id: "house", grants: ["authorization_code"], scope: Scope(Demo.scope))
        let type = sent.first { $0.0 == "response_type" }?.1 ?? ""
        let others = sent.filter { !["response_type", "client_id"].contains($0.0) }
        let tested = await End {
            _ = try await plugin.ask(type, Parameters(others.map { (name: $0.0, value: $0.1) }), from: client)
            return .page
        }
        #expect(tested == real)
    }
}
