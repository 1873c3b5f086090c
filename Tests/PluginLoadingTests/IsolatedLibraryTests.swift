// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
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
        "audit-log": "it creates, locks and renames files",
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

    @Test("'Scripts/isolated' runs the suites of each plugin of the server that can be isolated")
    func script() throws {
        let root = FaultyProgram.root
        let file = try String(contentsOfFile: "\(root)/Sources/grantor/Assembly/own-plugins.json", encoding: .utf8)
        let own = try JSON(parsing: file).strings
        let script = try String(contentsOfFile: "\(root)/Scripts/isolated", encoding: .utf8)
        let list = try #require(script.firstMatch(of: /suites='\n([^']*)'/)).1
        let lines = list.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.compactMap(\.first) == own.filter { Self.excluded[$0] == nil })
        for folder in lines.compactMap(\.last) {
            let path = "\(root)/Tests/AuthorizationServerTests/Plugins/\(folder)"
            #expect(FileManager.default.fileExists(atPath: path), "\(path)")
        }
    }

    @Test("values of attributes of its own types are checked in a process, before the plugin is started and afterwards")
    func attributes() async throws {
        let plugins =
            Plugins.all.filter { $0.type.manifest.id != "token-exchange" } + [
                PluginSetup(IsolatedLibraries.isolated(Plugins.tokenExchange))
            ]
        let client: JSON = ["id": "c", "grant_types": ["token_exchange"], "scope": ["read"]]
        let rule: JSON = ["subject": "access_token", "audience": "c", "to": "https://orders.example.com"]
        let right = client.changed(by: ["auth": ["token_exchange": ["exchanges": [rule]]]])
        let wrong = client.changed(
            by: ["auth": ["token_exchange": ["exchanges": [rule, rule.changed(by: ["to": 1])]]]])
        let server = try await TestServer(plugins, clients: [])
        let problems = try await server.problems(
            plugins, clients: [right, wrong.changed(by: ["id": "d"])].map { $0.changed(by: ["secret": "s3"]) })
        let found = problems.filter { $0.severity == .error }
        #expect(found.count == 1 && found.first?.message.contains("rule 2 has a value of 'to'") == true, "\(problems)")
        let clients = StoredClients(
            store: server.core.store, generation: try #require(server.core.generation),
            cryptography: SystemCryptography(), secrets: TestServer.secrets, passwords: server.passwords,
            random: server.clock.random)
        let refusal = await #expect(throws: DocumentRefusal.self) { try await clients.create(wrong) }
        #expect(refusal?.description.contains("rule 2 has a value of 'to'") == true, "\(refusal?.description ?? "")")
        _ = try await clients.create(right)
    }

    @Test("the time stands still in a process while it does at its server, however long a call takes")
    func clock() async throws {
        let plugins =
            [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst() + [
                PluginSetup(IsolatedLibraries.isolated(Plugins.deviceAuthorization))
            ]
        let server = try await Device.server(plugins)
        let device = await Device(server)
        server.clock.advance(.seconds(599))
        try #require(server.countingStore).afterReading { try? await Task.sleep(for: .milliseconds(1200)) }
        #expect(await device.poll().error == "authorization_pending")
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
