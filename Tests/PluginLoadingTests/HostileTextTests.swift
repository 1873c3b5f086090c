// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import GrantKitTesting
import Logging
import PluginProcesses
import Support
import Testing

/// Text that Swift, C and Python see differently, in every place of every form.
@Suite("Hostile text crosses to a plugin and back as it is, or is refused", .timeLimit(.minutes(10)))
struct HostileTextTests {
    /// Strings with marks that join their neighbours, lookalikes, NUL, the last scalars, and a mark without end.
    private static let texts =
        Hostile.variants(of: "KelVin;`") + Hostile.marks + Hostile.unshown + [
            "", "e\u{301}", "\u{E9}", "\u{10FFFF}", "\u{FFFF}", "\u{FEFF}", "\u{D7FF}\u{E000}",
            "\u{1F468}\u{200D}\u{1F469}",
            "a" + String(repeating: "\u{301}", count: 5000), "\"\\\u{7F}/\u{8}\n", "\\ud83d", "lent write",
        ]

    /// A form, a sample of it whose every string is replaced in turn, and how it crosses.
    struct Form: CustomTestStringConvertible {
        let testDescription: String
        let sample: JSON
        let cross: @Sendable (JSON) throws -> JSON

        init<Value: JSONForm>(_ type: Value.Type, _ sample: JSON) {
            testDescription = "\(type)"
            self.sample = sample
            cross = { try Value(form: $0).form }
        }
    }

    private static let head: JSON = [
        "method": "POST", "path": "/p", "query": "q", "headers": [["accept", "b"]], "address": "192.0.2.1", "id": "r",
    ]
    private static let client: JSON = [
        "id": "c", "public": false, "grants": ["g"], "scope": ["read"],
        "document": ["free": "d", "list": ["e", ["f"]]],
    ]
    private static let limits: JSON = [
        "scope": ["read"], "audience": ["https://a"], "not_after": 9, "may_refresh": true,
    ]
    private static let record: JSON = [
        "key": ["own", "id"], "value": ["free": "v"], "expires_at": 9, "indexes": ["by": "i"],
    ]
    private static let grant: JSON = ["grant_type": "w", "key": "k", "aliases": ["b"], "client": "identified"]
    private static let authorization: JSON = [
        "v": 1, "user": "ann", "scope": "read", "aud": ["https://a"], "auth_time": 5, "acr": "acr", "amr": ["pwd"],
        "sid": "s",
        "grant": "g", "attachments": ["free": "x"], "writes": [["write": "create", "record": record]],
    ]
    private static let page: JSON = [
        "name": "n", "values": ["free": "v"], "kept": ["free": "k"], "destinations": ["https://d"],
        "frames": ["https://f"],
    ]

    private static let forms: [Form] = [
        Form(RequestHead.self, head), Form(Client.self, client),
        Form(User.self, ["id": "u", "active": true, "document": ["free": "d"]]),
        Form(StoreKey.self, ["own", "id"]), Form(StoreRecord.self, record),
        Form(StoreWrite.self, ["write": "create", "record": record]),
        Form(StoreWrite.self, ["write": "absent", "key": ["own", "id"]]),
        Form(WriteOutcome.self, ["conflict": 1, "found": record]),
        Form(Authorization.self, authorization),
        Form(
            TokenRequest.self,
            ["grant": grant, "client": client, "parameters": [["name", "value"]], "head": head, "allowed": limits]),
        Form(
            AuthorizationRequest.self,
            [
                "client": client, "redirect_uri": "https://r", "response_types": ["code"], "grants": [grant],
                "parameters": [["name", "value"]], "head": head,
            ]),
        Form(AuthenticationRequest.self, ["head": head, "parameters": [["name", "value"]]]),
        Form(ClientClaim.self, ["client": "c", "method": "m"]),
        Form(
            Event.self,
            [
                "kind": "k", "time": 5, "request": "r", "address": "a", "client": "c", "subject": ["user": "u"],
                "grant": "g",
                "grant_id": "i", "session": "s", "token_id": "t", "details": ["free": "d"],
            ]),
        Form(Page.self, page),
        Form(EndpointResponse.self, ["status": 200, "headers": [["x-a", "b"]], "page": page]),
        Form(
            EndpointResponse.self,
            ["status": 302, "redirect": "https://r", "writes": [["write": "delete", "key": ["a", "b"]]]]),
        Form(EndpointResponse.self, ["status": 200, "json": ["free": ["v"]]]),
        Form(EndpointResponse.self, ["interaction": ["purpose": "p", "context": ["free": "c"]]]),
        // Its description is left out: it gets only the characters that RFC 6749 section 5.2 allows.
        Form(OAuthError.self, ["code": "c", "reason": "r", "headers": [["x-a", "b"]]]),
        Form(
            InteractionPolicy.self,
            [
                "limits": limits, "acr": ["a"], "subject": ["user": "u"], "login_hint": "l", "languages": ["de"],
                "consent": ["each_time": true, "warnings": [["text": "t", "values": ["free": "v"]]]],
                "attachments": ["free": "x"],
            ]),
        Form(StepResult.self, ["subject": ["user": "u"], "amr": ["a"], "acr": "c", "attachments": ["free": "x"]]),
        Form(Revocation.self, ["token": "t"]),
        Form(OutboundRequest.self, ["method": "M", "url": "https://u", "headers": [["x-a", "b"]], "body": "b"]),
        Form(OutboundReply.self, ["status": 200, "headers": [["x-a", "b"]], "body": "b"]),
        Form(DirectoryEntry.self, ["id": "i", "document": ["free": "d"], "version": "7.1"]),
        Form(MintedToken.self, ["value": "v", "writes": [["write": "create", "record": record]]]),
        Form(ParameterDeclaration.self, ["name": "n", "example": "e"]),
    ]

    /// The strings of a value, and the names of members that a plugin chooses, each with a way to replace it.
    private static func places(in value: JSON) -> [(text: String, replacing: (String) -> JSON)] {
        switch value {
        case .string(let text): return [(text, { .string($0) })]
        case .array(let elements):
            return elements.indices.flatMap { place in
                places(in: elements[place]).map { inner in
                    (inner.text, { text in .array(elements.replacing(place, with: inner.replacing(text))) })
                }
            }
        case .object(let members):
            return members.indices.flatMap { place in
                let (name, value) = (members[place].name, members[place].value)
                let inner = places(in: value).map { inner in
                    (
                        inner.text,
                        { (text: String) -> JSON in
                            .object(members.replacing(place, with: JSON.Member(name, inner.replacing(text))))
                        }
                    )
                }
                guard name == "free" else { return inner }
                return inner + [
                    (name, { (text: String) in .object(members.replacing(place, with: JSON.Member(text, value))) })
                ]
            }
        default: return []
        }
    }

    private static func strings(in value: JSON) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let elements): elements.flatMap(strings)
        case .object(let members): members.flatMap { [$0.name] + strings(in: $0.value) }
        default: []
        }
    }

    @Test("in every place of every form", arguments: forms)
    func crosses(_ form: Form) throws {
        let usual = try form.cross(form.sample)
        var changed = 0
        // A place that the form does not show cannot be seen to cross.
        for (former, replacing) in Self.places(in: form.sample) where Self.strings(in: usual).contains(former) {
            for text in Self.texts {
                let sent = try JSON(parsing: replacing(text).bytes)
                guard let received = try? JSON(parsing: form.cross(sent).bytes) else { continue }
                changed += 1
                let isThere = Self.strings(in: received).contains { $0.utf8.elementsEqual(text.utf8) }
                // A scope is a list of words, which neither spaces nor nothing are.
                #expect(isThere || text.isEmpty, "\(former): \(Array(text.utf8))")
                #expect(try JSON(parsing: form.cross(received).bytes) == received, "\(former): \(Array(text.utf8))")
            }
        }
        #expect(changed > 0)
    }

    @Test("through a process in another language")
    func process() async throws {
        let host = TestHost()
        let program = """
            import sys; sys.path.insert(0, "\(FaultyProgram.root)/Languages/Python"); import grantor
            plugin = grantor.Plugin(host_calls=["store.write", "store.read"])
            own = plugin.collection("own")
            def respond(given, host):
                text = dict(map(tuple, given["parameters"]))["text"]
                if text == "surrogate": return {"json": {"text": "\\ud83d"}}
                record = {"key": own("x"), "value": {text: text}, "expires_at": 9999999999}
                host.write({"write": "create", "record": record})
                found, = host.read(own("x"))
                host.write({"write": "delete", "key": own("x")})
                return {"json": {"text": text, "found": found["value"]}}
            plugin.add("endpoints", {"methods": ["POST"], "path": "/echo", "parameters": [{"name": "text"}],
                                     "caller": {"client": "confidential"}}, respond=respond)
            plugin.run()
            """
        let started = PluginProgram(
            plugin: "echo", arguments: ["/usr/bin/python3", "-Bs", "-c", program], settings: [:],
            server: ServerFacts(issuer: host.issuer, basePath: "/auth", algorithms: []), limits: .ofTests())
        let log = RecordedLog()
        let description = try PluginDescription(form: PluginDescriber.describe(started), of: "echo")
        let processes = PluginProcesses(started, description, host.lent, Logger(label: "test") { _ in log })
        var registry = Registry()
        try processes.register(in: &registry)
        try await host.store.declare(registry.collections)
        try await processes.start()
        let endpoint = try #require(registry.endpoints.first as? any Endpoint<Client>)
        let client = Client(id: "a", isPublic: false, grants: [], scope: [], document: [:])
        func send(_ text: String) async throws -> JSON? {
            try await endpoint.respond(
                to: EndpointRequest(
                    head: RequestHead(method: "POST", path: "/echo"), caller: client, parameters: ["text": text])
            ).body
        }
        for text in Self.texts {
            let body = try await send(text)
            #expect(body == ["text": .string(text), "found": .object([JSON.Member(text, .string(text))])])
            let all = Self.strings(in: body ?? .null).filter { $0.utf8.elementsEqual(text.utf8) }
            #expect(all.count == 3, "\(Array(text.utf8))")
        }
        await #expect(throws: (any Error).self) { try await send("surrogate") }
        #expect(try await send("after")?["text"] == "after" && log.lines.isEmpty, "\(log.lines)")
        await processes.stop()
    }
}

extension Array {
    fileprivate func replacing(_ place: Int, with element: Element) -> [Element] {
        var changed = self
        changed[place] = element
        return changed
    }
}
