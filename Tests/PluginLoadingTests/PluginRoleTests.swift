// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import GrantKitTesting
import Logging
import PluginProcesses
import Support
import Testing

@Suite("The roles of plugins in processes of their own", .timeLimit(.minutes(10)))
struct PluginRoleTests {
    private static let client = Client(
        id: "a", isPublic: false, grants: ["g"], scope: ["read", "write"], document: ["name": "A"])
    private static let head = RequestHead(method: "POST", path: "/auth/token")
    private static let limits = AccessLimits(scope: ["read", "write"], mayRefresh: false)
    private static let granted = Authorization(subject: .user("ann"), limits: limits)

    private static func request(_ parameters: Parameters = [:]) -> TokenRequest {
        TokenRequest(
            grant: GrantDeclaration("g", client: .confidential), client: client, parameters: parameters, head: head,
            allowed: limits)
    }

    /// Starts a plugin with one of each role.
    private static func with(_ body: (Registry) async throws -> Void) async throws {
        let start = """
            import sys, runpy; sys.path.insert(0, "\(FaultyProgram.root)/Languages/Python"); \
            runpy.run_path("\(FaultyProgram.root)/Tests/Fixtures/plugin-process/roles.py")
            """
        let host = TestHost()
        let program = PluginProgram(
            plugin: "roles", arguments: ["/usr/bin/python3", "-Bs", "-c", start], settings: [:],
            server: ServerFacts(issuer: host.issuer, basePath: "/auth", algorithms: []), limits: .ofTests())
        let description = try PluginDescription(form: PluginDescriber.describe(program), of: "roles")
        let processes = PluginProcesses(program, description, host.lent, Logger(label: "test") { _ in RecordedLog() })
        var registry = Registry()
        try processes.register(in: &registry)
        try await processes.start()
        do {
            try await body(registry)
        } catch {
            await processes.stop()
            throw error
        }
        await processes.stop()
    }

    @Test("a filter refuses, and narrows to nothing beyond what was allowed")
    func filter() async throws {
        try await Self.with { registry async throws in
            let filter = try #require(registry.tokenFilters.first)
            #expect(filter.parameters.map(\.name) == ["refuse"])
            try await filter.admit(Self.request())
            let refusal = await #expect(throws: OAuthError.self) {
                try await filter.admit(Self.request(["refuse": "yes"]))
            }
            #expect(refusal?.code == .invalidTarget && refusal?.description == "refused by the filter")
            var limits = Self.limits
            try await filter.narrow(&limits, of: Self.granted, for: Self.request())
            #expect(limits.scope == ["read"] && limits.notAfter?.seconds == 7 && !limits.mayRefresh)
        }
    }

    @Test("an extension adds its member and a write, and sees those of others")
    func `extension`() async throws {
        try await Self.with { registry async throws in
            var issuance = Issuance(
                authorization: Self.granted, client: Self.client, limits: Self.limits, answer: .token(Self.request()),
                issuedAt: Timestamp(seconds: 5))
            try issuance.add("former", "stays")
            try await #require(registry.extensions.first).extend(&issuance)
            #expect(issuance["former"] == "stays" && issuance["extended"] == "a")
            #expect(issuance.writes.count == 1 && "\(issuance.writes)".contains("extend"))
        }
    }

    @Test("a source of claims is told of the user and the destination", arguments: ["ann", nil])
    func claims(user: String?) async throws {
        try await Self.with { registry async throws in
            let source = try #require(registry.claimsSources.first)
            #expect(source.claims == ["team", "at"] && source.destinations == [.userinfo])
            let user = user.map { User(id: $0, isActive: true, document: [:], epoch: 0) }
            let claims = try await source.claims(
                for: ClaimsRequest(
                    user: user, client: Self.client, authorization: Self.granted, scope: ["read"],
                    destination: .userinfo))
            #expect(JSON.object(claims) == ["team": .string(user?.id ?? "nobody"), "at": "userinfo"])
        }
    }

    @Test("a sink accepts more events than fit into a frame, and keeps those that it refuses")
    func sink() async throws {
        try await Self.with { registry async throws in
            let sink = try #require(registry.eventSinks.first)
            let text = JSON.string(String(repeating: "x", count: 10_000))
            let event = Event(Event.Kind(rawValue: "roles.big"), details: ["text": text])
            try await sink.write(Array(repeating: event, count: 512))
            await #expect(throws: (any Error).self) {
                try await sink.write([Event(Event.Kind(rawValue: "roles.refused"))])
            }
        }
    }

    @Test("a job runs, and one that can never succeed is given up")
    func job() async throws {
        try await Self.with { registry async throws in
            let handler = try #require(registry.jobs.first)
            #expect(handler.name == "roles-job")
            try await handler.run("now")
            await #expect(throws: JobAbandoned.self) { try await handler.run("never") }
        }
    }

    @Test("an endpoint gets its caller and variables, and answers with status, headers and writes")
    func endpoint() async throws {
        try await Self.with { registry async throws in
            let endpoint = try #require(registry.endpoints.first as? any Endpoint<Client>)
            #expect(endpoint.route == Route(["GET"], "/hello/{name}"))
            let response = try await endpoint.respond(
                to: EndpointRequest(head: Self.head, caller: Self.client, variables: ["name": "Zoë"]))
            #expect(response.status == 201 && response.body == ["hello": "Zoë", "caller": "a"])
            #expect(response.headers == ["x-role": "yes"] && response.writes.count == 1)
        }
    }
}
