// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import GrantKitTesting
import PluginProcesses
import Synchronization
import Testing

@Suite("What stand-ins show to a plugin and take from it", .timeLimit(.minutes(10)))
struct StandInTests {
    private static let client = Client(id: "a", isPublic: false, grants: ["g"], scope: [], document: [:])
    private static let head = RequestHead(method: "POST", path: "/t")
    private static let limits = AccessLimits(scope: [])
    private static let granted = Authorization(subject: .user("ann"), limits: limits)
    private static let sent: Parameters = [
        "client_id": "a", "client_secret": "s", "client_assertion": "j", "access_token": "t", "code": "c",
    ]

    /// A plugin that answers every call in the same way.
    private final class Answering: PluginCaller {
        let host = TestHost().lent
        let answer: JSON
        let inputs = Mutex<[JSON]>([])

        init(_ answer: JSON) {
            self.answer = answer
        }

        func output(of function: String, role: Int, _ input: JSON, within limit: Duration?) async throws -> JSON {
            inputs.withLock { $0.append(input) }
            return answer
        }

        func checkAttributes(_ input: JSON) async throws -> JSON {
            try await output(of: "check_attributes", role: 0, input, within: nil)
        }
    }

    private static func roles(_ description: JSON, of caller: Answering) throws -> Registry {
        var description = description
        description["protocol"] = 1
        var registry = Registry()
        try PluginDescription(form: description, of: "it").register(in: &registry, caller)
        return registry
    }

    @Test(
        "secrets of grants cross to a filter only if it declares them, or if the grant of the request is of its plugin",
        arguments: [
            (nil, "g", false), ("token_filters", "other", true), ("grants", "g", true), ("grants", "other", false),
        ] as [(String?, String, Bool)])
    func secrets(_ declarer: String?, _ grant: String, _ isShown: Bool) async throws {
        var sent = Self.sent
        sent.secrets = ["code", "client_secret", "client_assertion", "access_token"]
        let request = TokenRequest(
            grant: GrantDeclaration(grant, client: .confidential), client: Self.client, parameters: sent,
            head: Self.head, allowed: Self.limits)
        let plugin = Answering(["scope": [], "audience": [], "members": [:]])
        func parameters(of role: String) -> JSON { role == declarer ? [["name": "code"]] : [] }
        let registry = try Self.roles(
            [
                "token_filters": [["parameters": parameters(of: "token_filters")]], "extensions": [["members": []]],
                "grants": [["grant_type": "g", "parameters": parameters(of: "grants")]],
            ], of: plugin)
        let filter = try #require(registry.tokenFilters.first)
        try await filter.admit(request)
        var limits = Self.limits
        try await filter.narrow(&limits, of: Self.granted, for: request)
        var issuance = Issuance(
            authorization: Self.granted, client: Self.client, limits: Self.limits, answer: .token(request),
            issuedAt: Timestamp(seconds: 5))
        try await #require(registry.extensions.first).extend(&issuance)
        _ = try? await #require(registry.grants.first).authorize(request)
        let seen = plugin.inputs.withLock { $0 }
        let open: JSON = [["client_id", "a"]]
        let own: JSON = isShown ? [["client_id", "a"], ["code", "c"]] : open
        #expect(seen.prefix(3).map { $0["request"]?["parameters"] } == [own, own, open])
        #expect(seen.last?["parameters"] == .array(sent.all.map { .array([.string($0.name), .string($0.value)]) }))
    }

    @Test("the check of attributes sends large values in several calls, and takes a problem or null for each")
    func attributes() async throws {
        let plugin = Answering(["problems": ["must be small"]])
        let attribute: JSON = ["name": "x", "under": "*", "default": 1]
        let check = try #require(Self.roles(["attributes": [attribute]], of: plugin).attributeCheck)
        let value = AttributeValue("x", at: .everyGrant, .string(String(repeating: "x", count: 200_000)))
        #expect(try await check.problems(with: [value, value, value]) == Array(repeating: "must be small", count: 3))
        let inputs = plugin.inputs.withLock { $0 }
        let first: JSON = ["name": "x", "under": "*", "value": value.value]
        #expect(inputs.count == 3 && inputs.first?["values"]?.elements.first == first)
        let small = AttributeValue("x", at: .everyGrant, 1)
        await #expect(throws: (any Error).self) { try await check.problems(with: [small, small]) }
        let plain: JSON = ["name": "x", "default": 1, "type": "integer"]
        #expect(try Self.roles(["attributes": [plain]], of: plugin).attributeCheck == nil)
    }

    @Test("an authenticator sees its own parameters alone, and is not asked because of those of every request")
    func authenticator() async throws {
        let plugin = Answering(.null)
        let names: JSON = [["name": "client_id"], ["name": "client_secret"], ["name": "client_assertion"]]
        let role = try #require(
            Self.roles(
                ["authenticators": [["methods": [["name": "m", "credential": "other"]], "parameters": names]]],
                of: plugin
            ).authenticators.first)
        #expect(try await role.claim(in: AuthenticationRequest(head: Self.head, parameters: Self.sent)) == nil)
        let other: Parameters = ["client_id": "a", "client_secret": "s"]
        #expect(try await role.claim(in: AuthenticationRequest(head: Self.head, parameters: other)) == nil)
        let seen = plugin.inputs.withLock { $0.map { $0["parameters"] } }
        #expect(seen == [[["client_id", "a"], ["client_assertion", "j"]]])
    }

    @Test("no plugin adds what the server adds to authorization responses", arguments: ["iss", "state", "error"])
    func response(member: String) async throws {
        let registry = try Self.roles(
            [
                "flows": [["response_type": "proof", "grant": ["grant_type": "roles"]]],
                "extensions": [["members": [.string(member)]]],
            ], of: Answering(["members": .object([JSON.Member(member, "https://evil.example")])]))
        let asked = AuthorizationRequest(
            client: Self.client, redirectURI: "https://app.example/cb", words: ["proof"], grants: [], parameters: [:],
            head: Self.head)
        var issuance = Issuance(
            authorization: Self.granted, client: Self.client, limits: Self.limits, answer: .authorization(asked),
            issuedAt: Timestamp(seconds: 5))
        let (flow, role) = (try #require(registry.flows.first), try #require(registry.extensions.first))
        await #expect(throws: (any Error).self) { try await flow.respond(&issuance, to: asked) }
        await #expect(throws: (any Error).self) { try await role.extend(&issuance) }
        #expect(issuance.members.isEmpty)
    }

    @Test("a filter of authorization requests adds to the levels of authentication that are wanted, and removes none")
    func levels() async throws {
        let plugin = Answering(["limits": ["scope": []], "acr": ["weak"]])
        let filter = try #require(Self.roles(["request_filters": [[:]]], of: plugin).requestFilters.first)
        var policy = InteractionPolicy(limits: Self.limits)
        policy.acr = ["strong"]
        let asked = AuthorizationRequest(
            client: Self.client, redirectURI: "https://app.example/cb", words: [], grants: [], parameters: [:],
            head: Self.head)
        try await filter.apply(asked, &policy)
        #expect(policy.acr == ["strong", "weak"])
    }
}
