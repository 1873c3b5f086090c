// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's shapes fit ways to sign in, consent and messages", .timeLimit(.minutes(10)))
struct PeopleShapeTests {
    @Test(
        "a shape registers its parts",
        arguments: [
            ExpectedShape(
                UpstreamOpenID.self, settings: ["issuer", "client_id"],
                adds: ["step plugin as button", "collection upstream_link"]),
            ExpectedShape(
                Passkeys.self, adds: ["step passkey as button", "asset passkeys.js", "collection passkey"]),
            ExpectedShape(TOTP.self, adds: ["step totp", "collection totp"]),
            ExpectedShape(SignUp.self, adds: ["step sign-up as link"]),
            ExpectedShape(MailSignIn.self, adds: ["step mail as page", "collection mail_link"]),
            ExpectedShape(AuthorizationDetails.self, adds: ["asks about authorization_details"]),
            ExpectedShape(OfflineAccess.self, adds: ["asks about offline access"]),
            ExpectedShape(SMTP.self, adds: ["carries mail"]), ExpectedShape(SMSGateway.self, adds: ["carries sms"]),
            ExpectedShape(LDAP.self, adds: ["users ldap:"]), ExpectedShape(LegacyUsers.self, adds: ["users legacy:"]),
        ] as [ExpectedShape])
    func registers(_ expected: ExpectedShape) throws {
        try expected.check()
    }

    private let host = TestHost(name: "corporate")

    private func step<Step: LaterStep & Plugin>(_ type: Step.Type) throws -> Step {
        try #require(try LoadedShape(type, host: host).registry.later(type).first)
    }

    private func visit(kept: JSON? = nil, returned: Parameters? = nil, subject: Subject? = nil) -> StepVisit {
        let policy = InteractionPolicy(limits: Fixture.granted.limits)
        let interaction = Interaction(
            client: Fixture.client, policy: policy, subject: subject, kept: kept, address: "192.0.2.1")
        return StepVisit(
            interaction: interaction, returnAddress: "https://id.example.com/tenant/auth/return/mail",
            returnState: "state-1", returned: returned)
    }

    /// Leaves for the provider and returns with an ID token in which claims are changed.
    private func signIn(
        _ changes: JSON, _ returned: [(name: String, value: String)] = []
    ) async throws -> LaterOutcome {
        let step = try step(UpstreamOpenID.self)
        guard case .leave(let address, let kept) = try await step.advance(visit(), submitted: [:]) else { return .skip }
        #expect(address.hasPrefix("https://op.example.com/authorize?") && address.contains("state=state-1"))
        var claims: JSON = [
            "iss": "https://op.example.com", "aud": "grantor", "sub": "remote-ann", "exp": 1_800_000_060,
            "nonce": kept["nonce"] ?? .null,
        ]
        for change in changes.members { claims[change.name] = change.value }
        let token = TestForeignKeys.token("JWT", claims, key: "op")
        host.reply(to: "https://op.example.com/token", ["id_token": .string(token)])
        host.reply(to: "https://op.example.com/jwks", TestForeignKeys.keys("op"))
        let sent = Parameters([(name: "code", value: "c-1")] + returned)
        return try await step.advance(visit(kept: kept, returned: sent), submitted: [:])
    }

    @Test("a step leaves for a provider, returns, and its writes are committed with the sign-in")
    func signsInUpstream() async throws {
        let key = StoreKey("upstream_link", host.cryptography.digest("https://op.example.com remote-ann"))
        guard case .refuse = try await signIn([:]) else { return #expect(Bool(false), "nobody has linked the account") }
        let link = StoreRecord(key, ["user": "ann"], expiresAt: Timestamp(seconds: .max))
        #expect(try await host.store.write([.create(link)]) == .committed)
        guard case .done(let result) = try await signIn([:]) else { return #expect(Bool(false), "not signed in") }
        #expect(result.result.subject == .user("ann") && result.writes.count == 1)
        #expect(try await host.store.read(key)?.value["used_at"] == nil, "a step writes nothing itself")
        guard case .refuse = try await signIn(["nonce": "other"]),
            case .refuse = try await signIn([:], [(name: "iss", value: "https://evil.example.com")])
        else { return #expect(Bool(false), "a response for another sign-in or of another provider is accepted") }
        await #expect(throws: OAuthError.self) { _ = try await signIn(["aud": "another"]) }
    }

    @Test("two instances of a plugin are two steps")
    func loadsTwice() throws {
        let lines = try ["google", "corporate"].map {
            try LoadedShape(UpstreamOpenID.self, host: TestHost(name: $0)).registry.laterRoles.map(\.line)
        }
        #expect(lines == [["step google as button"], ["step corporate as button"]])
    }

    @Test("a passkey signs in with a script on the page, and its use is committed with the sign-in")
    func signsInWithPasskey() async throws {
        let step = try step(Passkeys.self)
        guard case .page(let page, let assets) = try await step.advance(visit(), submitted: [:]) else {
            return #expect(Bool(false), "no page")
        }
        #expect(assets == ["passkeys.js"] && step.offer?.assets == assets)
        let key: JSON = ["kty": "EC"]
        let record = StoreRecord(
            StoreKey("passkey", host.cryptography.digest("id-1")), ["user": "ann", "key": key],
            expiresAt: Timestamp(seconds: .max), indexes: ["user": "ann"])
        #expect(try await host.store.write([.create(record)]) == .committed)
        let sent = JSON.object([.init("challenge", page.kept ?? .null)]).text
        let cryptography = TestCryptography()
        let message = Array("data".utf8) + Array(cryptography.digest(Array(sent.utf8)).utf8)
        var form = [(name: "credential", value: "id-1"), (name: "client_data", value: sent)]
        form.append((name: "authenticator_data", value: "data"))
        form.append((name: "signature", value: cryptography.digest(key.text + cryptography.digest(message))))
        let outcome = try await step.advance(visit(kept: page.kept), submitted: Parameters(form))
        guard case .done(let result) = outcome else { return #expect(Bool(false), "not signed in: \(outcome)") }
        #expect(result.result.subject == .user("ann") && result.writes.count == 1)
        let replayed = try await step.advance(visit(kept: "another challenge"), submitted: Parameters(form))
        guard case .page = replayed else { return #expect(Bool(false), "the challenge is not compared") }
    }

    @Test("a code of an app signs in once, and guesses are counted")
    func verifiesCode() async throws {
        let step = try step(TOTP.self)
        let asked = visit(subject: .user("ann"))
        guard case .skip = try await step.advance(asked, submitted: [:]) else {
            return #expect(Bool(false), "a user without an app is asked")
        }
        let record = try await step.record(of: "ann", secret: "secret")
        #expect(record.value["secret"] != "secret")
        #expect(try await host.store.write([.create(record)]) == .committed)
        let code: Parameters = ["code": step.code(60_000_000, "secret")]
        guard case .done(let first) = try await step.advance(asked, submitted: code),
            case .done(let second) = try await step.advance(asked, submitted: code)
        else { return #expect(Bool(false), "the code is refused") }
        #expect(try await host.store.write(first.writes) == .committed)
        #expect(try await host.store.write(second.writes) != .committed, "the same code, sent twice at once")
        for _ in 0..<4 { _ = try await step.advance(asked, submitted: ["code": "000000"]) }
        guard case .page(let page, _) = try await step.advance(asked, submitted: code) else {
            return #expect(Bool(false), "a used code is accepted")
        }
        #expect(page.values["error"] == "later")
    }

    @Test("a message is committed with the link that it contains, and an unknown address looks the same")
    func sendsMail() async throws {
        let step = try step(MailSignIn.self)
        for (email, count) in [("bob", 0), ("ann", 1)] {
            guard case .page(let page, _) = try await step.advance(visit(), submitted: ["email": email]) else {
                return #expect(Bool(false), "no page")
            }
            #expect(page.values == ["sent": true] && host.records.all("message").count == count)
        }
        let link = try #require(host.records.all("message").first?.value["values"]?["link"]?.string)
        let code = String(link.suffix(43))
        let outcome = try await step.advance(visit(returned: ["code": code]), submitted: [:])
        guard case .done(let result) = outcome else { return #expect(Bool(false), "not signed in") }
        #expect(try await host.store.write(result.writes) == .committed)
        guard case .page(let page, _) = try await step.advance(visit(returned: ["code": code]), submitted: [:]) else {
            return #expect(Bool(false), "a link signs in twice")
        }
        #expect(page.values["error"] == "expired")
    }

    @Test("a plugin adds a value of 'prompt', and the core knows which are served")
    func addsPrompt() async throws {
        let offer = try #require(try step(SignUp.self).offer)
        let create = try #require(offer.prompt)
        #expect(try InteractionPolicy.Prompt.parse("create login", offered: [offer]) == [create, .login])
        let wrong: [(String, [StepOffer])] = [("create", []), ("none create", [offer]), ("unknown", [offer])]
        for (value, offers) in wrong {
            #expect(throws: OAuthError.self) { try InteractionPolicy.Prompt.parse(value, offered: offers) }
        }
        let step = try step(SignUp.self)
        guard case .page(let page, _) = try await step.advance(visit(), submitted: ["email": "eve"]) else {
            return #expect(Bool(false), "no page")
        }
        let code = try #require(host.records.all("message").first?.value["values"]?["code"]?.string)
        let outcome = try await step.advance(visit(kept: page.kept), submitted: ["code": code])
        guard case .done(let result) = outcome else { return #expect(Bool(false), "no account") }
        #expect(result.result.subject == .user("eve"))
    }

    @Test("plugins add rows to the consent page, and what is unticked is not granted")
    func asks() async throws {
        let registries = try [AuthorizationDetails.self, OfflineAccess.self].map { (type: any Plugin.Type) in
            try LoadedShape(type, host: host).registry
        }
        var policy = InteractionPolicy(limits: AccessLimits(scope: ["read", "offline_access"]))
        var rows: [ConsentRow] = []
        let details = #"[{"type":"payment","amount":"9 EUR"}]"#
        let request = Fixture.authorizationRequest([("authorization_details", details)])
        for filter in registries.flatMap({ $0.later((any ConsentingFilter).self) }) {
            try filter.apply(request, &policy, &rows)
        }
        #expect(rows.map(\.name) == ["detail.0", "offline"] && rows.map(\.isOptional) == [false, true])
        #expect(policy.consent.isAskedEachTime && rows.first?.values == ["amount": "9 EUR"])
        var granted = Authorization(subject: .user("ann"), limits: policy.limits)
        granted.declined = ["offline"]
        let restored = try Authorization(stored: granted.stored)
        let filter = try #require(registries.last?.tokenFilters.first)
        var limits = restored.limits
        let token = Fixture.tokenRequest(AuthorizationCode.declaration, [:])
        try await filter.narrow(&limits, of: restored, for: token)
        #expect(!limits.mayRefresh && limits.scope == ["read"])
    }

    @Test("messages travel by what carries their channel, and no address begins a command")
    func carries() async throws {
        let mail = try #require(try LoadedShape(SMTP.self).registry.later((any MessageCarrier).self).first)
        try await mail.carry(RenderedMessage(recipient: "ann@example.com", subject: "Hello", body: "Code"))
        await #expect(throws: OutboundError.self) {
            try await mail.carry(RenderedMessage(recipient: "ann\r\nDATA", subject: "Hello", body: "Code"))
        }
        host.reply(to: "https://sms.example.com/", [:])
        let sms = try #require(try LoadedShape(SMSGateway.self, host: host).registry.later(SMSGateway.self).first)
        try await sms.carry(RenderedMessage(recipient: "+41", subject: "", body: "Code"))
        #expect(host.sent.map(\.url) == ["https://sms.example.com/send"])
    }

    @Test("a source of users checks their passwords, and its identifiers are its own")
    func verifiesElsewhere() async throws {
        host.reply(to: "https://old.example.com/", ["id": "7", "active": true])
        let sources = try [LDAP.self, LegacyUsers.self].flatMap { (type: any Plugin.Type) in
            try LoadedShape(type, host: host).registry.later((any UserSource).self)
        }
        for (source, id) in zip(sources, ["ldap:ann", "legacy:7"]) {
            guard case .verified(let user) = try await source.verify(login: "ann", password: Secret("pw")) else {
                return #expect(Bool(false), "\(source.prefix) refuses the password")
            }
            #expect(user.id == id && user.isActive)
        }
        for (login, password) in [("ann", ""), ("ann", "no"), ("ann)(uid=*", "pw")] {
            let outcome = try await sources.first?.verify(login: login, password: Secret(password))
            guard case .refused? = outcome else { return #expect(Bool(false), "accepted \(login)") }
        }
    }
}
