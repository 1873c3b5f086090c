// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Plugins get the limits that the token endpoint would set", .timeLimit(.minutes(10)))
struct AccessLimitsServiceTests {
    private func limits(
        _ parameters: [(name: String, value: String)], _ grant: String = "client_credentials"
    ) async throws -> AccessLimits {
        let server = try await TestServer()
        let client = try #require(try await server.core.clients.find("service"))
        return try await LentHost(server.core, to: "one").access.limits(
            Parameters(parameters), for: client, under: GrantDeclaration(grant, client: .confidential))
    }

    @Test("what the client may have, or the part of it that the request asks for")
    func allowed() async throws {
        let all = try await limits([])
        #expect(all.scope == ["read", "write"] && all.audience == ["https://api.example.com"])
        let some = try await limits([("scope", "write"), ("audience", "https://shop.example.org")])
        #expect(some.scope == ["write"] && some.audience == ["https://shop.example.org"])
    }

    @Test(
        "a request for more is refused",
        arguments: [
            ("scope", "read admin", "invalid_scope"), ("scope", "\u{7}", "invalid_scope"),
            ("audience", "https://evil.example.net", "invalid_target"),
        ])
    func more(_ name: String, _ value: String, _ code: String) async throws {
        let refusal = await #expect(throws: OAuthError.self) { _ = try await limits([(name, value)]) }
        #expect(refusal?.code.rawValue == code)
    }

    @Test("of two audiences, one that is not allowed refuses both")
    func oneOfTwo() async throws {
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await limits([
                ("audience", "https://api.example.com"), ("audience", "https://evil.example.net"),
            ])
        }
        #expect(refusal?.code == .invalidTarget)
    }

    @Test("a grant that the client may not use is refused", arguments: ["password", "nothing"])
    func unauthorized(_ grant: String) async throws {
        let refusal = await #expect(throws: OAuthError.self) { _ = try await limits([], grant) }
        #expect(refusal?.code == .unauthorizedClient)
    }

    @Test("a client that has been removed gets nothing, whatever the plugin still knows about it")
    func removed() async throws {
        let server = try await TestServer()
        let client = try #require(try await server.core.clients.find("service"))
        server.core.install(try await server.generation(Plugins.all, clients: []))
        let refusal = await #expect(throws: OAuthError.self) {
            _ = try await server.core.access.limits(
                [:], for: client, under: GrantDeclaration("client_credentials", client: .confidential))
        }
        #expect(refusal?.code == .unauthorizedClient)
    }
}
