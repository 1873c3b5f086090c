// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@testable import ClaimsHTTP

@Suite("Claims from a service", .timeLimit(.minutes(10)))
struct ClaimsHTTPTests {
    private static let settings: JSON = [
        "url": "https://claims.example.com/claims", "credential": "the-token-of-this-server", "claims": ["tier"],
    ]
    private static let plugin = PluginUnderTest(ClaimsHTTP.self, settings: settings)
        .on { host in
            // Each user has another tier.
            host.network.respond { request in reply(["tier": try JSON(parsing: request.body)["sub"] ?? "none"]) }
        }

    @Test("the plugin keeps the rules of the kit", arguments: plugin.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static func reply(_ body: JSON, status: Int = 200) -> OutboundReply {
        OutboundReply(status: status, body: body.bytes)
    }

    private func load(_ more: JSON = [:]) async throws -> TestPlugin {
        let host = TestHost()
        host.network.respond { _ in ClaimsHTTPTests.reply(["tier": "gold", "sub": "mallory"]) }
        let settings = JSON.object(ClaimsHTTPTests.settings.members + more.members)
        return try await host.load(ClaimsHTTP.self, settings: settings)
    }

    private func claims(of plugin: TestPlugin, user: String = "ann") async throws -> [JSON.Member] {
        let limits = AccessLimits(scope: ["read"], audience: ["https://api.example.com"])
        let authorization = Authorization(subject: .user(user), limits: limits)
        let source = try #require(plugin.registry.claimsSources.first)
        return try await source.claims(for: .test(authorization, client: .test(id: "orders"), for: .accessToken))
    }

    @Test("the service is asked about the token, and only the claims that it may give are taken")
    func asks() async throws {
        let plugin = try await load()
        #expect(try await claims(of: plugin) == [.init("tier", "gold")])
        let sent = try #require(plugin.host.network.sent.first)
        #expect(
            try JSON(parsing: sent.body) == [
                "client_id": "orders", "sub": "ann", "scope": "read", "audience": ["https://api.example.com"],
            ])
        #expect(sent.headers.contains { $0.name == "authorization" && $0.value == "Bearer the-token-of-this-server" })
    }

    @Test("claims that are dropped are logged for the author of the service, but only by their names")
    func dropped() async throws {
        let plugin = try await load()
        _ = try await claims(of: plugin)
        let line = try #require(plugin.host.log.lines.first)
        #expect(line.level == .debug && line.values.map(\.value) == ["sub"], "\(line)")
        plugin.host.network.respond { _ in ClaimsHTTPTests.reply(["tier": "gold"]) }
        _ = try await claims(of: plugin, user: "ben")
        #expect(plugin.host.log.lines.count == 1)
    }

    @Test("an answer is kept for a minute, and each user has an answer of their own")
    func cache() async throws {
        let plugin = try await load()
        for user in ["ann", "ann", "ben", "ann"] { _ = try await claims(of: plugin, user: user) }
        #expect(plugin.host.network.sent.count == 2)
        plugin.host.clock.advance(by: .seconds(60))
        _ = try await claims(of: plugin)
        #expect(plugin.host.network.sent.count == 3)
    }

    @Test("while the service is down, tokens are refused, or issued without the claims if they are optional")
    func down() async throws {
        let answers: [TestNetwork.Answer] = [
            { _ in throw OutboundError("no route") }, { _ in ClaimsHTTPTests.reply([:], status: 500) },
            { _ in ClaimsHTTPTests.reply(["gold"]) }, { _ in OutboundReply(status: 200, body: Array("{".utf8)) },
        ]
        let (strict, optional) = (try await load(), try await load(["optional": true]))
        for answer in answers {
            strict.host.network.respond(answer)
            let error = await #expect(throws: OAuthError.self) { try await claims(of: strict) }
            #expect(error?.code == .temporarilyUnavailable && error?.description.contains("500") == false)
            optional.host.network.respond(answer)
            #expect(try await claims(of: optional).isEmpty)
        }
        strict.host.network.respond { _ in ClaimsHTTPTests.reply(["tier": "silver"]) }
        #expect(try await claims(of: strict) == [.init("tier", "silver")], "a failure is not kept")
    }

    @Test("a credential that could split a header is refused", arguments: ["a b", "a\r\nb", "é"])
    func credential(_ credential: String) async throws {
        await #expect(throws: ConfigurationError.self) {
            try await TestHost().load(
                ClaimsHTTP.self,
                settings: ["url": "https://a.example", "claims": ["tier"], "credential": .string(credential)])
        }
    }
}
