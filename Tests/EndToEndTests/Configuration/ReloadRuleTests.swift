// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import ServerConfiguration
import Support
import Testing

@Suite("The effect of a reload on each key of the file", .timeLimit(.minutes(10)))
struct ReloadRuleTests {
    /// A file with one changed key, and a check whether the server has applied the change.
    private struct Change {
        let key: String
        let file: String
        var isServed: (Program) throws -> Bool = { _ in true }
    }

    private static let keys = ReloadRule.all.map(\.key)

    @Test("each known key has one rule")
    func complete() throws {
        let path = "\(Build.root)/Sources/ServerConfiguration/ConfigurationReader.swift"
        let read = try String(contentsOfFile: path, encoding: .utf8)
            .matches(of: /(?:root\.(?:read|value|section)|readList)\("([a-z_]+)"/).map { String($0.1) }
        #expect(Set(read).sorted() == Self.keys.sorted())
    }

    @Test("the documentation agrees with the rule of each key")
    func documented() throws {
        let page = try String(contentsOfFile: "\(Build.root)/Docs/Configuration/reload.md", encoding: .utf8)
        for (effect, words) in [
            (ReloadRule.Effect.applies, "changes it"),
            (.warns, "warns, keeps the former value until the restart, changes the rest"),
            (.refuses, "refuses the whole file: restart needed"),
        ] {
            let keys = ReloadRule.all.filter { $0.effect == effect }.map { "`\($0.key)`" }.sorted()
            #expect(page.contains("\n| \(keys.joined(separator: ", ")) | \(words) |\n"), "\(keys)")
        }
    }

    // MARK: reloads

    private static func shipped() throws -> String {
        try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
            .replacing("port: 8080 }", with: "port: 0 }").replacing("offline_access, read]", with: "read, sessions]")
    }

    /// The shipped configuration with another secret and a change.
    private static func changed(_ old: String, to new: String) throws -> String {
        let text = try shipped().replacing("secret: demo-secret", with: "secret: demo-another")
        #expect(text.contains(old))
        return text.replacing(old, with: new)
    }

    private static func added(_ section: String) throws -> String {
        try changed("plugins:", to: "\(section)\nplugins:")
    }

    private static func changes(of effect: ReloadRule.Effect, in folder: Folder) throws -> [Change] {
        switch effect {
        case .refuses:
            try [
                Change(
                    key: "issuer", file: changed("issuer: http://127.0.0.1:8080", to: "issuer: http://127.0.0.1:8081"))
            ]
                + [
                    "127.0.0.2, port: 0", "127.0.0.1, port: 18080", "127.0.0.1, port: 0, max_connections: 9",
                    "127.0.0.1, port: 0, header_timeout: 5s", "127.0.0.1, port: 0, body_timeout: 5s",
                    "127.0.0.1, port: 0, trusted_proxies: [10.0.0.0/8]",
                    "127.0.0.1, port: 0, tls: { certificate: a.pem, key: a.pem }",
                ].map { Change(key: "listen", file: try changed("127.0.0.1, port: 0", to: $0)) }
                + [Change(key: "monitoring", file: added("monitoring: { port: 0 }"))]
        case .warns:
            try [
                ("log", "log: { level: debug }"), ("log", "log: { format: json }"),
                ("shutdown_limit", "shutdown_limit: 5s"),
            ].map { Change(key: $0.0, file: try added($0.1)) }
        case .applies: try applied(in: folder)
        }
    }

    private static func applied(in folder: Folder) throws -> [Change] {
        let library = "\(folder.path)/plugins/libadmin-api.so"
        return try [
            Change(key: "clients", file: changed("scope: [read, write]", to: "scope: [read]")) {
                try $0.token("demo", "demo-another", [("scope", "write")]).status == 400
            },
            Change(
                key: "users", file: changed("  - id: ann\n", to: "  - { id: bob, password: demo-bob }\n  - id: ann\n")
            ) {
                try signIn("bob", $0).status == 200
            },
            Change(key: "paths", file: added("paths: { base: /other }")) {
                try $0.post("/other/token", []).status != 404
            },
            Change(key: "paths", file: added("paths: { aliases: [/third] }")) {
                try $0.post("/third/token", []).status != 404
            },
            Change(
                key: "default_token_format",
                file: changed("default_token_format: opaque", to: "default_token_format: jwt")
            ) {
                try signIn("ann", $0)["access_token"]?.split(separator: ".").count == 3
            },
            Change(key: "keys", file: added("keys: { cache: 10m }")) {
                try $0.get("/.well-known/jwks.json").header("cache-control")?.contains("max-age=600") == true
            },
            Change(key: "plugins", file: changed("  - introspection\n", to: "")) {
                try $0.post("/auth/introspect", []).status == 404
            },
            Change(
                key: "plugin_path",
                file: changed("plugins:", to: "plugin_path: [\(folder.path)/plugins]\nplugins:\n  - admin-api")
            ) {
                try String(contentsOfFile: "/proc/\($0.pid)/maps", encoding: .utf8).contains(library)
            },
            Change(key: "pages", file: added("pages: { name: Example Clinic }")) {
                try $0.get("/").body.contains("Example Clinic")
            },
            Change(key: "scopes", file: added("scopes: { profile: { title: Look at your profile } }")) {
                try consent($0).contains("Look at your profile")
            },
            Change(key: "sessions", file: added("sessions: { lifetime: 2h }")) { try lasts($0, 7200) },
            outbound(),
        ]
    }

    /// A proxy, and a client whose keys are to be fetched through it.
    private static func outbound() throws -> Change {
        let proxy = try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) }
        let client = "{ id: keyed-1, jwks_uri: \"https://keys.example.com/\", grant_types: [client_credentials] }"
        let section = "outbound: { proxy: { url: \"http://127.0.0.1:\(proxy.port)\" } }"
        let file = try changed("plugins:", to: "\(section)\nplugins:\n  - client-assertion")
            .replacing("\nclients:\n", with: "\nclients:\n  - \(client)\n")
        return Change(key: "outbound", file: file) { program in
            _ = try Keyed().fetch(1, program)
            return !proxy.requests.isEmpty
        }
    }

    private static func signIn(_ name: String, _ program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token",
            [("grant_type", "password"), ("client_id", "phone"), ("username", name), ("password", "demo-\(name)")])
    }

    /// The consent page.
    private static func consent(_ program: Program) throws -> String {
        let browser = WebBrowser(program)
        let page = try browser.open(
            "/auth/authorize?client_id=web&response_type=code&scope=openid%20profile"
                + "&code_challenge=\(Demo.challenge)&code_challenge_method=S256")
        return try browser.submit(page, [("username", "ann"), ("password", "demo-ann")]).body
    }

    /// Whether a session that begins now lasts the given number of seconds, as a client of the session can see.
    private static func lasts(_ program: Program, _ seconds: Int64) throws -> Bool {
        // The user is authenticated some time before the session begins.
        let before = Int64(Date().timeIntervalSince1970)
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let request =
            "/auth/authorize?response_type=code&client_id=web&redirect_uri=http://127.0.0.1:3000/callback&scope=openid"
            + "%20sessions&prompt=consent&state=a-state&code_challenge_method=S256&code_challenge="
            + Base64URL.encode(Digest.sha256(Array(verifier.utf8)))
        let code = try SignInTests.code(WebBrowser(program), request)
        let tokens = try program.post(
            "/auth/token",
            [
                ("grant_type", "authorization_code"), ("code", code), ("code_verifier", verifier),
                ("redirect_uri", "http://127.0.0.1:3000/callback"),
            ], as: ("web", "demo-web-secret"))
        let token = try #require(tokens["access_token"])
        let answer = try HTTPSocket(port: program.port).exchange(
            "GET /Session HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n")
        let sessions = (answer.json["entry"]?.elements ?? []).compactMap { $0["resource"] }
        let ends = sessions.filter { $0["type"] == "browser" }.compactMap { $0["exp"]?.integer }
        let now = Int64(Date().timeIntervalSince1970)
        return ends.contains { (before...now).contains($0 - seconds) }
    }

    private static func withProgram(_ body: (Program, Folder) async throws -> Void) async throws {
        try await Folder.with { folder in
            for name in ["plugins", "pages", "pages/text"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
            }
            try FileManager.default.copyItem(
                atPath: "\(Build.products)/libadmin-api.so", toPath: "\(folder.path)/plugins/libadmin-api.so")
            try folder.write("pages/text/fr.json", "{}")
            try folder.write("config.yaml", shipped())
            let program = try await Program.start(folder, secrets: ["demo-secret", "demo-another", "demo-web-secret"])
            try await body(program, folder)
            #expect(program.stop() == 0)
        }
    }

    /// The keys that changed, according to the log of a reload.
    private static func named(_ news: String) -> [String] { keys.filter { news.contains("'\($0)' has changed") } }

    @Test("a key whose changes apply takes effect with the next request")
    func applies() async throws {
        try await Self.withProgram { program, folder in
            let changes = try Self.changes(of: .applies, in: folder)
            #expect(Set(changes.map(\.key)) == Set(ReloadRule.all.filter { $0.effect == .applies }.map(\.key)))
            for change in changes {
                let wasServed = try change.isServed(program)
                try folder.write("config.yaml", change.file)
                let news = try await program.reload()
                #expect(
                    news.contains("the configuration was reloaded") && Self.named(news).isEmpty,
                    "\(change.key): \(news)")
                let isServed = try change.isServed(program)
                #expect(!wasServed && isServed, "\(change.key)")
            }
        }
    }

    @Test("a key that warns keeps its value, and the rest of the file is applied")
    func warns() async throws {
        try await Self.withProgram { program, folder in
            let changes = try Self.changes(of: .warns, in: folder)
            #expect(Set(changes.map(\.key)) == Set(ReloadRule.all.filter { $0.effect == .warns }.map(\.key)))
            for change in changes {
                try folder.write("config.yaml", change.file)
                let news = try await program.reload()
                #expect(news.contains("the configuration was reloaded") && Self.named(news) == [change.key], "\(news)")
                #expect(try program.token("demo", "demo-another").status == 200)
                let metadata = try program.get("/.well-known/openid-configuration")
                #expect(metadata.json["ui_locales_supported"]?.strings.sorted() == ["de", "en"], "\(metadata.body)")
            }
            #expect(!program.log.contains("debug"))
        }
    }

    @Test("a key that refuses changes nothing, not even the rest of the file")
    func refuses() async throws {
        try await Self.withProgram { program, folder in
            let changes = try Self.changes(of: .refuses, in: folder)
            #expect(Set(changes.map(\.key)) == Set(ReloadRule.all.filter { $0.effect == .refuses }.map(\.key)))
            for change in changes {
                try folder.write("config.yaml", change.file)
                let news = try await program.reload()
                #expect(news.contains("was not reloaded") && news.contains("restart needed"), "\(news)")
                #expect(Self.named(news) == [change.key])
                #expect(try program.token("demo", "demo-secret").status == 200)
                #expect(try program.token("demo", "demo-another").status == 401)
            }
        }
    }
}
