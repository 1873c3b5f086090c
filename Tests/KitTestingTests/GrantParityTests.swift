// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import GrantKitTesting
import Support
import Testing

/// A grant that does what the request says.
private struct ObedientGrant: Plugin, TokenGrant, TokenRequestFilter {
    static let manifest = PluginManifest(id: "obedient", summary: "does what it is told", specification: "")

    let declaration = GrantDeclaration("obedient", client: .confidential)
    let parameters = [
        ParameterDeclaration("do", required: true, longest: 20), ParameterDeclaration("key", repeatable: true),
        ParameterDeclaration("filter"),
    ]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(tokenFilter: self)
        registry.add(collection: StoreCollection("obedient"))
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        var authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
        let key = StoreKey("obedient", request.parameters["key"] ?? "k")
        let record = StoreRecord(key, [:], expiresAt: host.now + .seconds(60))
        switch try request.parameters.required("do") {
        case "wide": authorization.limits = AccessLimits(scope: ["read", "write", "admin"])
        case "past": authorization.limits.end(by: Timestamp(seconds: 1))
        case "other client": authorization.subject = .client("other")
        case "create": authorization.writes = [.create(record)]
        case "twice": authorization.writes = [.create(record), .delete(key)]
        case "undeclared": authorization.writes = [.delete(StoreKey("elsewhere", "k"))]
        case "redeem alone": authorization.writes = [.redeem(key)]
        case "redeem": (authorization.grantID, authorization.writes) = ("g-1", [.redeem(key)])
        case "replace": authorization.writes = [.replace(record, ifVersion: 77)]
        case "absent": authorization.writes = [.absent(key)]
        case "read elsewhere": _ = try await host.store.read(StoreKey("elsewhere", "k"))
        case "find": _ = try await host.store.find("obedient", by: "no", equals: "", after: nil, limit: 1)
        case "store error": throw StoreError("down")
        case "own error": throw CancellationError()
        case "slow down": throw OAuthError.tooManyRequests(retryAfter: .seconds(1))
        case "refuse": throw OAuthError.invalidGrant(reason: "told so")
        default: break
        }
        return authorization
    }

    func admit(_ request: TokenRequest) async throws {
        if request.parameters["filter"] == "refuse" { throw OAuthError(.accessDenied, "no") }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        switch request.parameters["filter"] {
        case "narrow": limits.keep { $0 == "read" }
        case "widen": limits = AccessLimits(scope: ["read", "write", "admin"])
        case "audience":
            limits = AccessLimits(scope: limits.scope, audience: ["https://elsewhere.example"])
        case "end": limits.end(by: Timestamp(seconds: 1))
        default: break
        }
    }
}

@Suite("A test host answers token requests like the server", .timeLimit(.minutes(10)))
struct GrantParityTests {
    /// Each list is sent in turn to one server and to one test host.
    private static let sequences: [[[(String, String)]]] = [
        [[("do", "nothing")], [("do", "nothing"), ("scope", "read")], [("do", "nothing"), ("scope", "admin")]],
        [[("key", "k")], [("do", "")], [("do", "nothing"), ("do", "nothing")], [("do", "nothing at all, but long")]],
        [[("do", "nothing"), ("key", "a"), ("key", "b"), ("unknown", "x")]],
        [[("do", "wide")], [("do", "past")], [("do", "other client")]],
        [[("do", "create")], [("do", "create")], [("do", "create"), ("key", "other")]],
        [[("do", "create")], [("do", "redeem")], [("do", "redeem")], [("do", "redeem")]],
        [[("do", "redeem"), ("key", "gone")], [("do", "redeem alone")], [("do", "absent")]],
        [[("do", "create")], [("do", "absent")], [("do", "replace")]],
        [[("do", "replace")], [("do", "twice")], [("do", "undeclared")], [("do", "read elsewhere")], [("do", "find")]],
        [[("do", "store error")], [("do", "own error")], [("do", "slow down")], [("do", "refuse")]],
        [[("do", "nothing"), ("filter", "refuse")], [("do", "nothing"), ("filter", "narrow")]],
        [[("do", "nothing"), ("filter", "widen")], [("do", "nothing"), ("filter", "audience")]],
        [[("do", "create"), ("filter", "end")], [("do", "create")], [("do", "nothing"), ("filter", "end")]],
    ]

    @Test("the same requests end in the same way", arguments: sequences)
    func same(_ requests: [[(String, String)]]) async throws {
        let client: JSON = [
            "id": "c", "secret": .string(TestServer.serviceSecret), "grant_types": ["obedient"],
            "scope": ["read", "write"],
        ]
        let other: JSON = ["id": "other", "secret": .string(TestServer.serviceSecret), "grant_types": ["obedient"]]
        let server = try await TestServer(
            Plugins.all + [PluginSetup(ObedientGrant.self)], clients: [client, other])
        let plugin = try await TestHost().load(ObedientGrant.self)
        for form in requests {
            let answer = await server.post(
                "/auth/token", [("grant_type", "obedient")] + form, as: ("c", TestServer.serviceSecret))
            let real = answer.error ?? "granted \(answer["scope"] ?? "as asked")"
            let test = await outcome(of: form, plugin)
            #expect(test == real, "\(form)")
        }
    }

    private func outcome(of form: [(String, String)], _ plugin: TestPlugin) async -> String {
        let client = Client.test(id: "c", grants: ["obedient"], scope: ["read", "write"])
        do {
            let token = try await plugin.token("obedient", Parameters(form), from: client)
            let scope = token.members["scope"]?.string
            return "granted \(scope ?? "as asked")"
        } catch let error as OAuthError {
            return error.code.rawValue
        } catch is StoreError {
            return "temporarily_unavailable"
        } catch {
            return "server_error"
        }
    }
}
