// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

/// What each plugin of the server does in processes of its own; `Scripts/isolated` runs their whole suites.
@Suite("The libraries of the server in processes of their own", .timeLimit(.minutes(10)))
struct IsolatedLibraryTests {
    /// The plugins that cannot be isolated, each with the reason.
    private static let excluded: [String: String] = [
        "memory-store": "'stores'", "sqlite-store": "'stores'", "postgres-store": "'stores'",
        "jwt-token": "'token_formats'", "opaque-token": "'token_formats'", "refresh-token": "'token_resolvers'",
        "client-assertion": "a type of the plugin's own", "jwt-bearer": "a type of the plugin's own",
        "token-exchange": "a type of the plugin's own", "logout": "a type of the plugin's own",
    ]

    private static func settings(of id: String) -> JSON {
        switch id {
        case "audit-log": ["path": "/tmp/audit.log"]
        case "openid": ["algorithms": ["ES256"]]
        case "postgres-store": ["url": "postgresql://localhost/nothing"]
        case "webhooks": ["receivers": [["url": "https://a.example/events", "secret": "s3cret"]]]
        default: [:]
        }
    }

    @Test("a plugin can be isolated, or the reason is known", arguments: Plugins.types.indices)
    func describes(_ place: Int) {
        let id = Plugins.types[place].manifest.id
        let refusal = IsolatedLibraries.refusal(of: Plugins.types[place], Self.settings(of: id))
        guard let reason = Self.excluded[id] else {
            #expect(refusal == nil, "\(id)")
            return
        }
        #expect(refusal?.contains(reason) == true, "\(id): \(refusal ?? "it can be isolated")")
    }

    private static let roles: [PluginCheck] = [
        PluginUnderTest(IsolatedLibraries.isolated(Plugins.clientCredentials)).checks.filter { $0.role == .grant },
        PluginUnderTest(IsolatedLibraries.isolated(Plugins.password))
            .on { $0.users.add(User(id: "ann", isActive: true, document: [:]), password: "correct horse") }
            .accepting("password", with: ["username": "ann", "password": "correct horse"]).checks
            .filter { $0.role == .grant },
    ].flatMap(\.self)

    @Test("an isolated grant keeps the rules of the kit", arguments: roles)
    func grants(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("a user signs in and a code is redeemed with everything in processes that can be")
    func code() async throws {
        let plugins = Plugins.all.map { PluginSetup(IsolatedLibraries.isolated($0.type), $0.settings) }
        let server = try await Demo.server(plugins)
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request())
        let consent = await browser.signIn(page)
        let code = await browser.allow(consent).query["code"] ?? ""
        let answer = await server.redeem(code)
        #expect(answer.status == 200 && answer["id_token"] != nil, "\(server.log.lines)")
        let token = answer["access_token"] ?? ""
        #expect(await server.introspect(token, as: "web", Demo.secret).json["active"] == true)
        #expect(await server.redeem(code).error == "invalid_grant", "a code can be redeemed once")
        #expect(await server.introspect(token, as: "web", Demo.secret).json["active"] == false)
    }
}
