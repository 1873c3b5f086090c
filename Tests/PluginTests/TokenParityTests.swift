// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

/// A grant, a token filter and an extension that do what the request asks for.
private struct Odd: Plugin, TokenGrant, TokenRequestFilter, ResponseExtension {
    static let manifest = PluginManifest(id: "odd", summary: "", specification: "")
    let declaration = GrantDeclaration("odd", client: .identified)
    let parameters = [ParameterDeclaration("do")]
    let members = ["odd_member"]
    private let host: any PluginHost

    private struct OwnError: Error {}

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("odd"))
        registry.add(grant: self)
        registry.add(tokenFilter: self)
        registry.add(extension: self)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }

    func admit(_ request: TokenRequest) async throws {
        switch request.parameters["do"] {
        case "refuse": throw OAuthError(.accessDenied, "no")
        case "wait": throw OAuthError.tooManyRequests(retryAfter: .seconds(1))
        case "fail": throw OwnError()
        case "fail to store": throw StoreError("a test")
        default: break
        }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        switch request.parameters["do"] {
        case "narrow": limits.keep { $0 == "read" }
        case "end": limits.end(by: host.now)
        case "widen": limits = AccessLimits(scope: Scope(limits.scope.words + ["admin"]))
        default: break
        }
    }

    func extend(_ issuance: inout Issuance) async throws {
        guard case .token(let request) = issuance.answer else { return }
        switch request.parameters["do"] {
        case "add": try issuance.add("odd_member", true)
        case "add undeclared": try issuance.add("odder_member", true)
        case "add twice": try issuance.add("access_token", "mine")
        case "replace":
            issuance = Issuance.test(
                Authorization(subject: .user("mallory"), limits: issuance.limits), to: issuance.client,
                for: issuance.answer, at: host.now)
        case "write": issuance.alsoWrite(write("odd"))
        case "write undeclared": issuance.alsoWrite(write("odder"))
        case "write twice":
            issuance.alsoWrite(write("odd"))
            issuance.alsoWrite(write("odd"))
        default: break
        }
    }

    private func write(_ collection: String) -> StoreWrite {
        .create(StoreRecord(StoreKey(collection, "1"), [:], expiresAt: host.now + .seconds(60)))
    }
}

@Suite("The test host of the kit answers token requests as the server does", .timeLimit(.minutes(10)))
struct TokenParityTests {
    private static let what = [
        "nothing", "refuse", "wait", "fail", "fail to store", "narrow", "end", "widen", "add", "add undeclared",
        "add twice", "replace", "write", "write undeclared", "write twice",
    ]

    private static func names(_ members: JSON) -> String {
        members.members.map { $0.name == "scope" ? "scope \($0.value.text)" : $0.name }.sorted().joined(separator: ", ")
    }

    private func onHost(_ plugin: TestPlugin, _ what: String) async -> String {
        let client = Client.test(id: "c", isPublic: true, grants: ["odd"], scope: ["read", "write"])
        do {
            return TokenParityTests.names(try await plugin.token("odd", ["do": what], from: client).members)
        } catch let error as OAuthError {
            return error.code.rawValue
        } catch is StoreError {
            return "temporarily_unavailable"
        } catch {
            return "server_error"
        }
    }

    private func onServer(_ server: TestServer, _ what: String) async -> String {
        let answer = await server.post("/auth/token", [("grant_type", "odd"), ("client_id", "c"), ("do", what)])
        return answer.error ?? TokenParityTests.names(answer.json)
    }

    @Test("whatever a filter and an extension do, and a second time", arguments: what)
    func same(_ what: String) async throws {
        let server = try await TestServer(
            Plugins.all + [.init(Odd.self)],
            clients: [["id": "c", "grant_types": ["odd"], "scope": ["read", "write"]]])
        let plugin = try await TestHost().load(Odd.self)
        for _ in 1...2 {
            let (expected, found) = (await onServer(server, what), await onHost(plugin, what))
            #expect(expected == found)
        }
    }
}
