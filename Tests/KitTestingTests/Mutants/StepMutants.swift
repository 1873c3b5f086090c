// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Steps without a fault, on which the mutants are built.
enum SoundSteps {
    static let all: [(name: String, plugin: PluginUnderTest)] = [
        ("a code that is right once", ClosureStep.underTest(decide: code)),
        ("a password", password),
        ("a choice", ClosureStep.underTest({ asChoice(&$0) }, decide: choice)),
        ("a code that another server checks", remote(remoteCode)),
        ("a name on one page and a password on the next", twoPages),
        ("a code that confirms each request", confirming),
        ("nothing to ask", ClosureStep.underTest({ $0.fields = [] }) { _, _, _ in .skip }),
    ]

    static let wrong = StepOutcome.page(page(["problem": "wrong"]))
    static let later = StepOutcome.page(page(["problem": "later"]))
    static let done = StepOutcome.done(StepResult(amr: ["otp"]))

    static func page(_ kept: JSON?) -> Page { Page("ask", kept ?? [:], kept: kept) }

    /// Asks for a code unless one has been given in this session.
    static func asking(
        _ check: @escaping @Sendable (Interaction, String, any PluginHost) async throws -> StepOutcome
    ) -> ClosureStep.Advance {
        { interaction, submitted, host in
            guard !interaction.amr.contains("otp") else { return .skip }
            guard let code = submitted["code"] else { return .page(page(interaction.kept)) }
            return try await check(interaction, code, host)
        }
    }

    private static let confirming: PluginUnderTest = ClosureStep.underTest { interaction, submitted, host in
        var again = interaction
        again.amr = []
        return try await code(again, submitted, host)
    }.repeating("ask")

    /// Counts a guess before it is compared.
    static func counting(
        _ interaction: Interaction, _ host: any PluginHost, _ isRight: () async throws -> Bool
    ) async throws -> StepOutcome {
        let counted = try await host.attempts.count("code", of: interaction.subject?.id, from: interaction.address)
        guard case .allowed(let attempt) = counted else { return later }
        guard try await isRight() else { return wrong }
        try await host.attempts.succeeded(attempt)
        return done
    }

    static let code: ClosureStep.Advance = asking { interaction, code, host in
        try await counting(interaction, host) {
            guard code == "123456" else { return false }
            return try await use(host)
        }
    }

    /// Notes that the code is used up; false if it was before.
    static func use(_ host: any PluginHost) async throws -> Bool {
        let record = StoreRecord(StoreKey("used", "code"), [:], expiresAt: host.now + .seconds(60))
        return try await host.store.write([.create(record)]) == .committed
    }

    // MARK: a password

    static func asSignIn(_ step: inout ClosureStep) {
        step.phase = .identify
        step.fields = [ParameterDeclaration("login"), ParameterDeclaration("password", secret: true)]
    }

    /// A step that identifies users by what a function makes of a name and a password.
    static func signIn(
        _ check: @escaping @Sendable (Interaction, String, String, any PluginHost) async throws -> StepOutcome
    ) -> PluginUnderTest {
        let plugin = ClosureStep.underTest({ asSignIn(&$0) }) { interaction, submitted, host in
            guard let login = submitted["login"], let password = submitted["password"] else {
                return .page(page(interaction.kept))
            }
            return try await check(interaction, login, password, host)
        }
        return plugin.on { host in
            host.users.add(User(id: "ann", isActive: true, document: [:]), password: "a horse")
            host.users.add(User(id: "ida", isActive: false, document: [:]), password: "a horse")
        }.answering("ask") { _ in ["login": "ann", "password": "a horse"] }
    }

    static let password = signIn { interaction, login, password, host in
        try await verify(login, password, interaction, host, kept: ["problem": "wrong"])
    }

    static func verify(
        _ login: String, _ password: String, _ interaction: Interaction, _ host: any PluginHost, kept: JSON
    ) async throws -> StepOutcome {
        let outcome = try await host.users.verify(
            login: login, password: Secret(password), from: interaction.address)
        guard case .verified(let user) = outcome else { return .page(page(kept)) }
        return .done(StepResult(user: user, amr: ["pwd"]))
    }

    private static let twoPages: PluginUnderTest = ClosureStep.underTest({ asSignIn(&$0) }) {
        interaction, submitted, host in
        guard let login = interaction.kept?["login"]?.string else {
            guard let login = submitted["login"], login.utf8.count <= 256 else { return .page(page(nil)) }
            return .page(page(["login": .string(login)]))
        }
        guard let password = submitted["password"] else { return .page(page(interaction.kept)) }
        let kept: JSON = ["login": .string(login), "problem": "wrong"]
        return try await verify(login, password, interaction, host, kept: kept)
    }.on { host in
        host.users.add(User(id: "ann", isActive: true, document: [:]), password: "a horse")
    }.answering("ask") { page in page.number == 0 ? ["login": "ann"] : ["password": "a horse"] }

    // MARK: a choice

    static func asChoice(_ step: inout ClosureStep) {
        step.phase = .choose
        step.fields = [ParameterDeclaration("color", longest: 16, example: "blue")]
    }

    static let choice: ClosureStep.Advance = { interaction, submitted, host in
        guard let color = submitted["color"], ["blue", "red"].contains(color) else {
            return .page(page(interaction.kept))
        }
        return .done(StepResult(attachments: [ClosureStep.manifest.id: ["color": .string(color)]]))
    }

    // MARK: another server

    static func remote(_ decide: @escaping ClosureStep.Advance) -> PluginUnderTest {
        ClosureStep.underTest(decide: decide).on { host in
            host.network.respond { request in
                let isRight = request.body.elementsEqual("123456".utf8)
                return OutboundReply(status: 200, body: Array((isRight ? "right" : "wrong").utf8))
            }
        }
    }

    static func ask(_ code: String, _ host: any PluginHost) async throws -> OutboundReply {
        try await host.outbound.send(
            OutboundRequest("POST", "https://codes.example.com/check", body: Array(code.utf8)))
    }

    private static let remoteCode: ClosureStep.Advance = asking { interaction, code, host in
        do {
            return try await counting(interaction, host) {
                let reply = try await ask(code, host)
                return reply.status == 200 && reply.body.elementsEqual("right".utf8)
            }
        } catch is OutboundError {
            return later
        }
    }
}

/// Faults of steps.
enum StepMutants {
    private static let names = "its name and its fields are words, and none belongs to the server"
    private static let first = "at first it shows a page, refuses or has nothing to ask, and writes nothing"
    private static let accepts = "the right answers lead to its end"
    private static let identifies = "a user whom it identifies exists and may sign in"
    private static let same = "a page looks the same whenever it keeps the same"
    private static let strange = "strange values lead to a page or a refusal, and prove nothing"
    private static let store = "if the store fails, it is neither done nor skipped, and works again later"
    private static let network = "if other servers fail, it shows a page or refuses"

    static let all: [Mutant] = beginnings + ends + attacks + failures

    private static let beginnings: [Mutant] = [
        Mutant(
            "its name has a space", breaks: names, says: "'my step' is not a word",
            ClosureStep.underTest({ $0.name = "my step" }, decide: SoundSteps.code)),
        Mutant(
            "a field has a quotation mark", breaks: names, says: "is not a word",
            ClosureStep.underTest(
                { $0.fields.append(ParameterDeclaration("a\"b")) }, decide: SoundSteps.code)),
        Mutant(
            "it has the name of the server's own page", breaks: names, says: "'consent' is the server's own",
            ClosureStep.underTest({ $0.name = "consent" }, decide: SoundSteps.code)),
        Mutant(
            "a field is one of the server's", breaks: names, says: "the field 'state' is one of the server's own forms",
            ClosureStep.underTest({ $0.fields.append(ParameterDeclaration("state")) }, decide: SoundSteps.code)),
        Mutant(
            "a field is declared twice", breaks: names, says: "is declared 2 times",
            ClosureStep.underTest({ $0.fields += $0.fields }, decide: SoundSteps.code)),
        Mutant(
            "it is done without being asked", breaks: first, says: "as if the user had proven something",
            ClosureStep.underTest { _, _, _ in SoundSteps.done }),
        Mutant(
            "it writes when its page is loaded", breaks: first, says: "show the page without a write",
            ClosureStep.underTest { interaction, submitted, host in
                if submitted["code"] == nil {
                    let key = StoreKey("used", host.random(bytes: 8))
                    _ = try await host.store.write([.create(StoreRecord(key, [:], expiresAt: host.now + .seconds(9)))])
                }
                return try await SoundSteps.code(interaction, submitted, host)
            }),
        Mutant(
            "it fails without a client", breaks: first, says: "a sign-in for a page of the server",
            ClosureStep.underTest { interaction, submitted, host in
                if interaction.client.id.isEmpty { throw Faults.OwnError() }
                return try await SoundSteps.code(interaction, submitted, host)
            }),
        Mutant(
            "its page is another one at each load", breaks: same, says: "is another one when it is loaded again",
            ClosureStep.underTest { interaction, submitted, host in
                guard submitted["code"] == nil else { return try await SoundSteps.code(interaction, submitted, host) }
                return .page(Page("ask", ["challenge": .string(host.random(bytes: 8))]))
            }),
        Mutant(
            "what is wrong is not kept", breaks: same, says: "put what the page shows into Page.kept",
            ClosureStep.underTest(
                decide: SoundSteps.asking { _, code, _ in
                    code == "123456" ? SoundSteps.done : .page(Page("ask", ["problem": "wrong"]))
                })),
    ]

    private static let ends: [Mutant] = [
        Mutant(
            "it is never done", breaks: accepts, says: "give the right answers with answering(\"ask\")",
            ClosureStep.underTest(decide: SoundSteps.asking { _, _, _ in SoundSteps.wrong })),
        Mutant(
            "it never shows its page", breaks: accepts, says: "begin it so that it shows its page",
            ClosureStep.underTest { _, _, _ in .skip }),
        Mutant(
            "it refuses everyone", breaks: accepts, says: "it refuses with access_denied",
            ClosureStep.underTest(decide: SoundSteps.asking { _, _, _ in .refuse(OAuthError(.accessDenied, "no")) })),
        Mutant(
            "its page does not exist", breaks: accepts, says: "add it with registry.add(page:template:texts:)",
            ClosureStep.underTest { _, _, _ in .page(Page("aks")) }),
        Mutant(
            "its page has a value of the server", breaks: accepts, says: "a value named 'csrf'",
            ClosureStep.underTest { _, _, _ in .page(Page("ask", ["csrf": "x"])) }),
        Mutant(
            "it reads a field by another name", breaks: accepts, says: "reads the field 'cdoe'",
            ClosureStep.underTest { interaction, submitted, host in
                guard submitted["cdoe"] != nil else { return .page(SoundSteps.page(nil)) }
                return SoundSteps.done
            }),
        Mutant(
            "it throws an error of its own", breaks: accepts, says: "throw an OAuthError",
            ClosureStep.underTest(decide: SoundSteps.asking { _, _, _ in throw Faults.OwnError() })),
        Mutant(
            "its user does not exist", breaks: identifies, says: "whom the directory does not know",
            SoundSteps.signIn { _, login, password, _ in
                .done(StepResult(subject: .user("nobody-\(login)"), amr: ["pwd"]))
            }),
        Mutant(
            "its user is inactive", breaks: identifies, says: "who is not active",
            SoundSteps.signIn { _, _, _, _ in .done(StepResult(subject: .user("ida"), amr: ["pwd"])) }),
        Mutant(
            "it identifies nobody", breaks: identifies, says: "it is done without a user",
            SoundSteps.signIn { _, _, _, _ in .done(StepResult(amr: ["pwd"])) }),
        Mutant(
            "it replaces the user", breaks: "it does not replace the user whom another step has identified",
            says: "leave the subject out",
            ClosureStep.underTest(
                decide: SoundSteps.asking { _, _, _ in .done(StepResult(subject: .user("bob"), amr: ["otp"])) })),
        Mutant(
            "it attaches under another id", breaks: "what it attaches is under the id of its plugin",
            says: "use 'closure-step'",
            ClosureStep.underTest({ SoundSteps.asChoice(&$0) }) { interaction, submitted, _ in
                guard let color = submitted["color"] else { return .page(SoundSteps.page(interaction.kept)) }
                return .done(StepResult(attachments: ["openid": ["color": .string(color)]]))
            }),
        Mutant(
            "it asks again in each request", breaks: "a verification that is done is not asked for again",
            says: "return .skip if interaction.amr contains it",
            ClosureStep.underTest { interaction, submitted, host in
                guard let code = submitted["code"] else { return .page(SoundSteps.page(interaction.kept)) }
                return code == "123456" ? SoundSteps.done : SoundSteps.wrong
            }),
    ]

    private static let attacks: [Mutant] = [
        Mutant(
            "strange values make it throw an error of its own", breaks: strange, says: "throw an OAuthError",
            ClosureStep.underTest(
                decide: SoundSteps.asking { _, code, _ in
                    guard Int(code) != nil else { throw Faults.OwnError() }
                    return code == "123456" ? SoundSteps.done : SoundSteps.wrong
                })),
        Mutant(
            "its refusal repeats what was typed", breaks: strange, says: "repeats what was sent",
            ClosureStep.underTest(
                decide: SoundSteps.asking { _, code, _ in
                    guard code != "123456" else { return SoundSteps.done }
                    return .refuse(OAuthError(.accessDenied, "the code \(code) is wrong"))
                })),
        Mutant(
            "it takes every code", breaks: strange, says: "is taken for the right one",
            ClosureStep.underTest(decide: SoundSteps.asking { _, _, _ in SoundSteps.done })),
        Mutant(
            "its page is named after what was typed", breaks: strange, says: "add it with registry.add(page",
            ClosureStep.underTest { interaction, submitted, _ in
                guard let code = submitted["code"] ?? interaction.kept?.string else {
                    return .page(SoundSteps.page(nil))
                }
                guard code != "123456" else { return SoundSteps.done }
                return .page(Page("ask-\(code)", kept: .string(code)))
            }),
        Mutant(
            "what was typed becomes the name of a value", breaks: strange, says: "it must only be a value",
            ClosureStep.underTest({ SoundSteps.asChoice(&$0) }) { interaction, submitted, _ in
                let kept = submitted["color"].map { JSON.string($0) } ?? interaction.kept
                if kept?.string == "blue" { return .done(StepResult()) }
                return .page(Page("ask", .object([JSON.Member(kept?.string ?? "none", true)]), kept: kept))
            }),
        Mutant(
            "it keeps what was typed", breaks: "a secret that is typed is neither kept nor shown",
            says: "what was typed is in Page.kept",
            ClosureStep.underTest(
                decide: SoundSteps.asking { _, code, _ in
                    code == "123456" ? SoundSteps.done : .page(Page("ask", kept: ["code": .string(code)]))
                })),
        Mutant(
            "it keeps whatever is typed", breaks: "what it keeps stays small, whatever is typed", says: "keep less",
            ClosureStep.underTest({ step in
                SoundSteps.asChoice(&step)
                step.fields = [ParameterDeclaration("color", longest: 65_536, example: "blue")]
            }) { interaction, submitted, _ in
                guard submitted["color"] != "blue" else { return .done(StepResult()) }
                guard let color = submitted["color"] else { return .page(SoundSteps.page(interaction.kept)) }
                return .page(SoundSteps.page(["color": .string(color)]))
            }),
        Mutant(
            "it counts no guesses", breaks: "a short secret cannot be found by guessing",
            says: "call host.attempts.count before you compare a guess",
            ClosureStep.underTest(
                decide: SoundSteps.asking { _, code, _ in code == "123456" ? SoundSteps.done : SoundSteps.wrong })),
        Mutant(
            "it counts guesses in what the browser keeps", breaks: "a short secret cannot be found by guessing",
            says: "call host.attempts.count before you compare a guess",
            ClosureStep.underTest(
                decide: SoundSteps.asking { interaction, code, _ in
                    let count = interaction.kept?["count"]?.integer ?? 0
                    guard count < 5 else { return .refuse(OAuthError(.accessDenied, "too many guesses")) }
                    return code == "123456" ? SoundSteps.done : .page(SoundSteps.page(["count": .integer(count + 1)]))
                })),
        Mutant(
            "a code is used up by a write that nothing guards",
            breaks: "an answer that is right once is right once, also a hundred times at once",
            says: "compare the outcome with .committed",
            ClosureStep.underTest(
                decide: SoundSteps.asking { interaction, code, host in
                    guard code == "123456" else { return SoundSteps.wrong }
                    guard try await host.store.read(StoreKey("used", "code")) == nil else { return SoundSteps.wrong }
                    _ = try await SoundSteps.use(host)
                    return SoundSteps.done
                })),
    ]

    private static let failures: [Mutant] = [
        Mutant(
            "it takes a failing store for a user without a second factor", breaks: store,
            says: "as if there was nothing to ask",
            ClosureStep.underTest { interaction, submitted, host in
                do {
                    _ = try await host.store.read(StoreKey("used", "setting"))
                } catch {
                    return .skip
                }
                return try await SoundSteps.code(interaction, submitted, host)
            }),
        Mutant(
            "it takes a failing store for an unused code", breaks: store, says: "it is done nevertheless",
            ClosureStep.underTest(
                decide: SoundSteps.asking { interaction, code, host in
                    try await SoundSteps.counting(interaction, host) {
                        guard code == "123456" else { return false }
                        return (try? await SoundSteps.use(host)) ?? true
                    }
                })),
        Mutant(
            "it does not expect the network to fail", breaks: network, says: "throw an OAuthError",
            SoundSteps.remote(
                SoundSteps.asking { interaction, code, host in
                    try await SoundSteps.counting(interaction, host) {
                        let reply = try await SoundSteps.ask(code, host)
                        return reply.body.elementsEqual("right".utf8)
                    }
                })),
        Mutant(
            "it takes every reply for a yes", breaks: network, says: "no server responds, and it is done as if",
            SoundSteps.remote(
                SoundSteps.asking { interaction, code, host in
                    try await SoundSteps.counting(interaction, host) {
                        let reply = try? await SoundSteps.ask(code, host)
                        return reply?.body.elementsEqual("wrong".utf8) != true
                    }
                })),
        Mutant(
            "it never recovers from a cancelled form", breaks: "a cancelled form ends, and the next one is answered",
            says: "does not lead to its end either", poisoned),
    ]

    /// A step that refuses every form after a cancelled one.
    private static var poisoned: PluginUnderTest {
        PluginUnderTest(ClosureStep.manifest) { _, host in
            let isPoisoned = Kept(false)
            return ClosureStep(
                host: host,
                decide: SoundSteps.asking { _, code, _ in
                    if Task.isCancelled { isPoisoned.change { $0 = true } }
                    guard !isPoisoned.value, code == "123456" else { return SoundSteps.wrong }
                    return SoundSteps.done
                })
        }
    }
}
