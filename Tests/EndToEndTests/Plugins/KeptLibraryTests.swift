// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

@testable import PluginLoading

@Suite("The libraries of each version of the kit are kept", .timeLimit(.minutes(10)))
struct KeptKitTests {
    @Test("kit 0.2 was the first")
    func first() {
        #expect(KeptKit.versions.contains("0.2"))
    }

    @Test("the libraries are those of the list, small, and of their version", arguments: KeptKit.versions)
    func list(_ version: String) throws {
        let kept = try KeptKit(version)
        let names = kept.libraries.map(\.name).sorted()
        #expect(names == ["libclaims-http.so", "libnetwork-policy.so", "libvoucher-grant.so"])
        for library in kept.libraries {
            let path = "\(kept.folder)/\(library.name)"
            let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
            #expect(size == library.size && size < 250_000, "\(library.name): \(size)")
            #expect(try PluginLibrary.digest(of: path, sha256: Digest.sha256) == library.digest, "\(library.name)")
            let block = try ABIBlock.read(fromFileAt: path)
            #expect(block.kit == version && block.compiler == kept.compiler, "\(library.name)")
        }
    }

    /// Changes the version of the kit in the handshake of a library.
    private func change(_ path: String, major: UInt32, minor: UInt32) throws {
        let file = URL(fileURLWithPath: path)
        var bytes = [UInt8](try Data(contentsOf: file))
        let start = Array("GRANTOR\0".utf8) + [136, 0, 0, 0]
        let place = try #require(bytes.firstRange(of: start)?.upperBound)
        let version = [major, minor].flatMap { number in (0..<4).map { UInt8(number >> ($0 * 8) & 0xFF) } }
        bytes.replaceSubrange(place..<place + 8, with: version)
        try Data(bytes).write(to: file)
    }

    @Test("a library of a newer kit, of another major version or of a kit that was not kept is refused before it runs")
    func refused() async throws {
        let server = try #require(ABIBlock.server)
        let (newer, major) = ("\(server.major).\(server.minor + 1)", server.major + 1)
        let cases: [(UInt32, UInt32, String, String)] = [
            (
                server.major, server.minor + 1, "needs kit \(newer) or newer, but this server has \(server.kit)",
                "update the server, or use an older build of the plugin"
            ),
            (
                major, 0, "was built with kit \(major).0, but this server has \(server.kit)",
                "use a build of the plugin for kit"
            ),
            (0, 1, "was built with kit 0.1, but this server has \(server.kit)", "use a build of the plugin for kit"),
        ]
        for (major, minor, message, note) in cases {
            try await Folder.with { folder in
                try KeptKit("0.2").copy("voucher-grant", to: folder)
                let library = "\(folder.path)/libvoucher-grant.so"
                try change(library, major: major, minor: minor)
                try folder.write(
                    "config.yaml",
                    """
                    issuer: http://127.0.0.1:8080
                    plugins:
                      - memory-store
                      - jwt-token
                      - { plugin: voucher-grant, library: \(library), settings: { series: spring } }
                    """)
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 78 && ended.errors.contains("plugin 'voucher-grant' \(message)"), "\(ended)")
                #expect(ended.errors.contains(note), "\(ended.errors)")
            }
        }
    }
}

@Suite(
    "Plugins of earlier versions of the kit do their work in this server",
    .enabled(if: KeptKit.foreign == nil, Comment(rawValue: KeptKit.foreign ?? "")), .serialized,
    .timeLimit(.minutes(10)))
struct KeptLibraryTests {
    private static let secret = "the secret of the shop"
    private static let secrets = [secret, "the-token-of-this-server"]

    private func configuration(_ folder: Folder, _ port: UInt16, claims: String = "") -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - introspection
          - plugin: voucher-grant
            library: \(folder.path)/libvoucher-grant.so
            settings: { series: spring }
          - plugin: network-policy
            library: \(folder.path)/libnetwork-policy.so
          - plugin: claims-http
            library: \(folder.path)/libclaims-http.so
            settings:
              url: http://127.0.0.1:\(port)/claims
              credential: the-token-of-this-server
              claims: [tier]
              \(claims)
        clients:
          - id: shop
            secret: \(Self.secret)
            grant_types: [voucher, client_credentials]
            scope: [read]
            auth: { client_credentials: { rate: 2/h } }
        """
    }

    /// Runs a test with the libraries of a version; if they do not work, the kit has changed in a way that breaks them.
    private func with(_ version: String, _ body: (Folder) async throws -> Void) async throws {
        let kept = try KeptKit(version)
        do {
            try await Folder.with { folder in
                for id in ["voucher-grant", "network-policy", "claims-http"] { try kept.copy(id, to: folder) }
                try await body(folder)
            }
        } catch {
            Issue.record(
                """
                libraries of kit \(version) no longer work: keep what they use, or raise GRANTOR_KIT_MAJOR in \
                CPluginABI.h to \((ABIBlock.server?.major ?? 0) + 1) (decision 0054): \(error)
                """)
        }
    }

    private func redeem(_ voucher: String, _ program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token", [("grant_type", "urn:example:voucher"), ("voucher", voucher)], as: ("shop", Self.secret))
    }

    @Test("a voucher works once, requests are limited, and tokens have claims", arguments: KeptKit.versions)
    func work(_ version: String) async throws {
        try await with(version) { folder in
            let service = try OtherServer { _ in OtherServer.reply("200 OK", body: #"{"tier": "gold"}"#) }
            try folder.write("config.yaml", configuration(folder, service.port))
            let program = try await Program.start(folder, secrets: Self.secrets)

            let redeemed = try redeem("spring-1", program)
            let token = try #require(redeemed["access_token"], "\(redeemed)")
            #expect(try redeem("spring-1", program)["error"] == "invalid_grant")
            #expect(try redeem("autumn-1", program)["error"] == "invalid_grant")
            #expect(try redeem(String(repeating: "s", count: 65), program)["error"] == "invalid_request")
            let none = try program.post(
                "/auth/token", [("grant_type", "urn:example:voucher")], as: ("shop", Self.secret))
            #expect(none["error"] == "invalid_request", "\(none)")

            let told = try program.post("/auth/introspect", [("token", token)], as: ("shop", Self.secret))
            #expect(told.json["active"] == true && told["tier"] == "gold", "\(told)")

            for _ in 1...2 { #expect(try program.token("shop", Self.secret).status == 200) }
            let many = try program.token("shop", Self.secret)
            #expect(many.status == 429 && many.header("retry-after") != nil, "\(many)")

            #expect(program.stop() == 0)
        }
    }

    @Test(
        "if the service fails, tokens are refused or lack the claim, as the setting says", arguments: KeptKit.versions)
    func failingService(_ version: String) async throws {
        try await with(version) { folder in
            let service = try OtherServer { _ in OtherServer.reply("500 Internal Server Error") }
            try folder.write("config.yaml", configuration(folder, service.port, claims: "cache: 0s"))
            let closed = try await Program.start(folder, secrets: Self.secrets)
            let refused = try redeem("spring-1", closed)
            #expect(refused.status == 503 && refused["error"] == "temporarily_unavailable", "\(refused)")
            #expect(closed.stop() == 0)

            try folder.write("config.yaml", configuration(folder, service.port, claims: "optional: true"))
            let open = try await Program.start(folder, secrets: Self.secrets)
            let token = try #require(try redeem("spring-1", open)["access_token"])
            let told = try open.post("/auth/introspect", [("token", token)], as: ("shop", Self.secret))
            #expect(told.json["active"] == true && told["tier"] == nil, "\(told)")
            #expect(open.stop() == 0)
        }
    }

    /// Hours that begin the day after tomorrow, at the earliest.
    private static var later: String {
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        // 1970 began on a Thursday.
        let today = (Int(Date().timeIntervalSince1970) / 86400 + 3) % 7
        return "\(days[(today + 3) % 7]) 00:00-24:00"
    }

    private func web(_ folder: Folder) -> String {
        let clients = [
            ("near", "networks: 127.0.0.0/8, hours: 'Mon-Sun 00:00-24:00'"), ("far", "networks: [10.0.0.0/8, '::1']"),
            ("late", "hours: '\(Self.later)'"),
        ].map { id, policy in
            """
              - id: \(id)
                secret: \(Self.secret)
                grant_types: [authorization_code]
                scope: [read]
                auth: { authorization_code: { redirect_uri: "http://127.0.0.1:3000/callback", \(policy) } }

            """
        }
        return """
            issuer: http://127.0.0.1:8080
            listen: { port: 0 }
            plugins:
              - memory-store
              - jwt-token
              - authorization-code
              - password-login
              - plugin: network-policy
                library: \(folder.path)/libnetwork-policy.so
            users:
              - { id: ann, password: demo-ann }
            clients:

            """ + clients.joined()
    }

    private func authorize(_ client: String, _ browser: WebBrowser) throws -> HTTPAnswer {
        try browser.open(
            "/auth/authorize?client_id=\(client)&response_type=code&scope=read"
                + "&redirect_uri=http://127.0.0.1:3000/callback"
                + "&code_challenge=\(Demo.challenge)&code_challenge_method=S256")
    }

    @Test("authorization requests are filtered by network and time", arguments: KeptKit.versions)
    func authorization(_ version: String) async throws {
        try await with(version) { folder in
            try folder.write("config.yaml", web(folder))
            let program = try await Program.start(folder, secrets: [Self.secret, "demo-ann"])
            for client in ["far", "late"] {
                let refused = try authorize(client, WebBrowser(program))
                let said = (refused.header("location") ?? "") + refused.body
                #expect(said.contains("unauthorized_client"), "\(client): \(refused.head)")
            }
            let browser = WebBrowser(program)
            let signIn = try authorize("near", browser)
            #expect(signIn.status == 200, "\(signIn.head)")
            let consent = try browser.submit(signIn, [("username", "ann"), ("password", "demo-ann")])
            let ticked = consent.body.matches(of: /name="scope" value="([^"]*)" checked/)
                .map { ("scope", String($0.1)) }
            let landed = try browser.submit(consent, ticked + [("decision", "allow")])
            let location = landed.header("location") ?? ""
            let code = try #require(location.firstMatch(of: /code=([^&]*)/), "\(landed.head)").1
            let redeemed = try program.post(
                "/auth/token",
                [
                    ("grant_type", "authorization_code"), ("code", String(code)), ("code_verifier", Demo.verifier),
                    ("redirect_uri", "http://127.0.0.1:3000/callback"),
                ], as: ("near", Self.secret))
            #expect(redeemed.status == 200 && redeemed["access_token"] != nil, "\(redeemed)")
            #expect(program.stop() == 0)
        }
    }

    /// What a library adds, each role of which a test above calls.
    private static let roles: [(id: String, adds: [String], rows: [String])] = [
        (
            "voucher-grant",
            ["grant urn:example:voucher", "collection voucher", "request parameters: voucher"],
            ["series", "what every voucher starts with"]
        ),
        (
            "network-policy", ["a filter of authorization requests", "a filter of token requests"],
            ["auth.<grant>.networks", "0.0.0.0/0", "auth.<grant>.hours", "Mon-Sun 00:00-24:00", "auth.<grant>.rate"]
        ),
        ("claims-http", ["claims: tier"], ["cache", "credential", "(hidden)", "optional", "url"]),
    ]

    @Test("they add what is called here and nothing else, and declare their settings", arguments: KeptKit.versions)
    func declared(_ version: String) async throws {
        try await with(version) { folder in
            try folder.write("config.yaml", configuration(folder, 9))
            for role in Self.roles {
                let shown = try Command.grantor("plugins", "show", "--config", "config.yaml", role.id, in: folder)
                #expect(shown.status == 0 && shown.output.contains("\nkit       \(version)\n"), "\(shown)")
                let adds = shown.output.components(separatedBy: "\nAdds\n").last?
                    .components(separatedBy: "\n\nSettings\n").first
                #expect(adds == role.adds.map { "  \($0)" }.joined(separator: "\n"), "\(shown.output)")
                for row in role.rows { #expect(shown.output.contains(row), "\(row): \(shown.output)") }
            }
        }
    }

    @Test("an error about a setting leads to its place", arguments: KeptKit.versions)
    func settings(_ version: String) async throws {
        try await with(version) { folder in
            let file = configuration(folder, 9)
            for (old, new, place, said) in [
                (
                    "credential: the-token-of-this-server", "credential: two words", "config.yaml:17:19:",
                    "'credential' must be printable ASCII without spaces"
                ),
                ("settings: { series: spring }", "settings: {}", "config.yaml:10:", "'series'"),
                ("rate: 2/h", "rate: 2/d", "config.yaml:25:", "a number of requests a second"),
                ("claims: [tier]", "claims: [tier]\n      cache: 2d", "config.yaml:19:", "'cache'"),
            ] {
                #expect(file.contains(old), "\(old)")
                try folder.write("config.yaml", file.replacing(old, with: new))
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 78 && ended.errors.contains(place), "\(new): \(ended.errors)")
                #expect(ended.errors.contains(said), "\(new): \(ended.errors)")
            }
        }
    }
}
