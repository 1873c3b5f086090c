// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@testable import NetworkPolicy

@Suite("The filters of a network policy", .timeLimit(.minutes(10)))
struct PolicyTests {
    private static let plugin = PluginUnderTest(NetworkPolicy.self)
        .admitting { _ in
            let client = PolicyTests.client(["networks": ["192.0.2.0/24"], "rate": "10/h"])
            let head = RequestHead(method: "POST", path: "/auth/token", address: "192.0.2.7")
            return .test(PolicyTests.grant, from: client, head: head)
        }

    @Test("the plugin keeps the rules of the kit", arguments: plugin.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let grant = GrantDeclaration("client_credentials", client: .confidential)

    private static func client(_ policy: JSON, id: String = "export") -> Client {
        .test(
            id: id, grants: ["client_credentials"], scope: ["read", "write"],
            document: ["auth": ["client_credentials": policy]])
    }

    /// The error with which a token request is refused; nil if it is not.
    private func ask(
        _ plugin: TestPlugin, _ client: Client, from address: String = "10.1.2.3"
    ) async throws -> OAuthError? {
        let head = RequestHead(method: "POST", path: "/auth/token", address: address)
        let filter = try #require(plugin.registry.tokenFilters.first)
        do {
            try await filter.admit(.test(PolicyTests.grant, from: client, head: head))
            return nil
        } catch let error as OAuthError {
            return error
        }
    }

    @Test("a token request must come from a network of the client")
    func networks() async throws {
        let plugin = try await TestHost().load(NetworkPolicy.self)
        let client = PolicyTests.client(["networks": ["10.0.0.0/8"]])
        #expect(try await ask(plugin, client) == nil)
        for address in ["192.0.2.7", "", "::1"] {
            #expect(try await ask(plugin, client, from: address)?.code == .unauthorizedClient)
        }
        #expect(try await ask(plugin, PolicyTests.client([:]), from: "") == nil)
    }

    @Test("a token request must come within the hours of the client")
    func hours() async throws {
        let plugin = try await TestHost().load(NetworkPolicy.self)
        let client = PolicyTests.client(["hours": "Fri 08:00-18:00"])
        // A Friday, 2027-01-15.
        plugin.host.clock.now = Timestamp(seconds: 1_800_000_000)
        #expect(try await ask(plugin, client) == nil)
        plugin.host.clock.advance(by: .seconds(12 * 3600))
        #expect(try await ask(plugin, client)?.code == .unauthorizedClient)
    }

    @Test("of a hundred requests at once, as many are admitted as the rate allows")
    func rate() async throws {
        let plugin = try await TestHost().load(NetworkPolicy.self)
        let client = PolicyTests.client(["rate": "10/h"])
        let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { try await ask(plugin, client) == nil }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(admitted == 10)
        let refused = try await ask(plugin, client)
        #expect(refused?.status == 429 && refused?.headers["Retry-After"] != nil)
        let other = PolicyTests.client(["rate": "10/h"], id: "other")
        #expect(try await ask(plugin, other) == nil, "another client has a rate of its own")
    }

    @Test("the authorization endpoint checks networks, and does not count")
    func authorization() async throws {
        let plugin = try await TestHost().load(NetworkPolicy.self)
        let client = PolicyTests.client(["networks": ["10.0.0.0/8"], "rate": "1/h"])
        let filter = try #require(plugin.registry.requestFilters.first)
        var policy = InteractionPolicy(limits: AccessLimits(scope: []))
        for _ in 0..<3 {
            let head = RequestHead(method: "GET", path: "/auth/authorize", address: "10.1.2.3")
            try await filter.apply(.test(from: client, grants: [PolicyTests.grant], head: head), &policy)
        }
        await #expect(throws: OAuthError.self) {
            var policy = InteractionPolicy(limits: AccessLimits(scope: []))
            let head = RequestHead(method: "GET", path: "/auth/authorize", address: "192.0.2.7")
            try await filter.apply(.test(from: client, grants: [PolicyTests.grant], head: head), &policy)
        }
    }
}
