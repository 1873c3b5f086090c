// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("'grantor plugins' shows what plugins add and how to configure them", .serialized, .timeLimit(.minutes(10)))
struct PluginsCommandTests {
    // MARK: roles

    /// Plugins that together have every role but one, and how their roles are shown.
    static let shown: [(id: String, phrases: [String])] = [
        (
            "openid",
            [
                "response member id_token", "response type id_token", "endpoint /userinfo",
                "document openid-configuration", "a filter of authorization requests",
                "claims: name, family_name, ", "scope value openid, granted only on request",
                "scope value openid, which users cannot deselect", "a key for ES256",
                "metadata member claims_supported", "request parameters: ",
            ]
        ),
        ("refresh-token", ["grant refresh_token", "a resolver of other tokens", "collection refresh_token"]),
        ("logout", ["a part in every revocation", "job backchannel-logout", "page logout"]),
        ("password-login", ["sign-in step password-login", "endpoint /password", "page password"]),
        ("client-assertion", ["client authentication private_key_jwt", "request parameters: client_assertion, "]),
        ("introspection", ["endpoint /introspect"]), ("jwt-token", ["token format jwt"]),
        ("jwt-bearer", ["grant urn:ietf:params:oauth:grant-type:jwt-bearer", "request parameters: assertion"]),
        (
            "token-exchange",
            [
                "grant urn:ietf:params:oauth:grant-type:token-exchange",
                "request parameters: actor_token, actor_token_type, ",
            ]
        ),
        ("audit-log", ["a record of events", "no process of its own: it creates, locks"]),
        ("memory-store", ["the store"]), ("postgres-store", ["the store"]),
        ("webhooks", ["an outbox, which adds writes to the changes that events are about", "job security-event"]),
    ]

    @Test("a role has a phrase", arguments: shown)
    func phrases(_ row: (id: String, phrases: [String])) async throws {
        try await Folder.with { folder in
            let shown = try Command.grantor("plugins", "show", row.id, in: folder).output
            let top = shown.components(separatedBy: "\nSettings\n")[0]
            for phrase in row.phrases { #expect(top.contains("\n  \(phrase)"), "\(phrase): \(shown)") }
            #expect(top.contains("\nfile      \(Build.products)/lib\(row.id).so\n"), "\(shown)")
        }
    }

    @Test("no role of the registry is left out")
    func complete() throws {
        let sources = try ["GrantKit/Sources/GrantKit/Plugin/Registry", "grantor/Commands/Plugins/Registry+Summary"]
            .map { try String(contentsOfFile: "\(Build.root)/Sources/\($0).swift", encoding: .utf8) }
        let roles = sources[0].matches(of: /public private\(set\) var (\w+)/).map { String($0.1) }
        #expect(roles.count > 20)
        for role in roles { #expect(sources[1].contains(role), "\(role)") }
    }

    // MARK: configurations

    /// A plugin that only looks at tokens and adds claims, with settings of which one is a secret.
    private static let source = """
        struct It: Plugin, ResponseExtension, TokenRequestFilter, ClaimsSource {
            static let manifest = PluginManifest(id: "it-shows", summary: "shows itself", specification: "")
            let members: [String] = []
            let parameters = [ParameterDeclaration("shop")]
            let claims = ["groups"]
            init(settings: Settings, host: any PluginHost) throws {
                _ = try settings.read("api_password", example: "none", "the password of the API")
                _ = settings.read("api", default: "https://a.example", "the URL of the API")
                _ = settings.read("label", default: "", "the name in its log")
                _ = settings.read("tries", default: Int64(3), in: Int64(1)...9, "how often it calls the API")
            }
            func register(in registry: inout Registry) {
                registry.add(extension: self)
                registry.add(tokenFilter: self)
                registry.add(claims: self)
            }
            func extend(_ issuance: inout Issuance) async throws {}
            func claims(for request: ClaimsRequest) async throws -> [JSON.Member] { [] }
        }
        """

    private func configuration(_ entry: String, more: String = "") -> String {
        """
        issuer: http://127.0.0.1:8080
        \(more)
        plugins:
          - plugin: it-shows
            \(entry)
        """
    }

    private func show(_ folder: Folder) throws -> Ended {
        try Command.grantor(
            "plugins", "show", "--config", "config.yaml", "it-shows", in: folder,
            environment: ["LABEL": "of the service"])
    }

    @Test("a library that a configuration names is shown with its settings there, without secrets")
    func configured() async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build("it-shows", Self.source)
            let digest = try Command.shell("sha256sum '\(library)' | cut -d' ' -f1 | tr -d '\\n'", in: folder).output
            let version = try #require(
                try Command.shell("swiftc --version 2>&1", in: folder).output
                    .firstMatch(of: /Swift version ([0-9]+(?:\.[0-9]+)*)/)?.1)
            let secrets = "api_password: open-sesame, api: 'https://ann:letmein@b.example'"
            let entry = "{ \(secrets), label: { env: LABEL }, tries: 5 }"
            try folder.write(
                "config.yaml",
                configuration("library: \(library)\n    sha256: \(digest)\n    settings: \(entry)"))
            let ended = try show(folder)
            #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended)")
            for text in [
                "it-shows 1.0.0: shows itself\n", "file      \(library)\n", "sha256    \(digest)\n",
                "kit       0.2\n", "compiler  Swift \(version)\n",
                "\n  a look at every token, which it may refuse\n", "\n  a filter of token requests\n",
                "\n  claims: groups\n", "\n  request parameters: shop\n",
            ] { #expect(ended.output.contains(text), "\(text): \(ended.output)") }
            for row in [
                #/KEY +SET TO +DEFAULT +VALUE +DESCRIPTION/#, #/api_password +\(hidden\) +must be set +a string/#,
                #/api +\(hidden\) +https://a\.example/#, #/label +\{"env":"LABEL"\} +"" /#, #/tries +5 +3 +1 to 9/#,
            ] { #expect(ended.output.contains(row), "\(ended.output)") }
            for secret in ["open-sesame", "letmein", "of the service"] { #expect(!ended.output.contains(secret)) }
            let listed = try Command.grantor(
                "plugins", "list", "--config", "config.yaml", in: folder, environment: ["LABEL": "of the service"]
            ).output
            #expect(listed.contains("  it-shows ") && listed.contains("  jwt-token "), "\(listed)")
        }
    }

    @Test("without a configuration, the settings have their defaults, and the plugin must be on the search path")
    func unconfigured() async throws {
        try await Folder.with { folder in
            _ = try Toolchain(folder: folder).build("it-shows", Self.source)
            let missing = try Command.grantor("plugins", "show", "it-shows", in: folder)
            #expect(missing.status == 64 && missing.errors.contains("--config"), "\(missing)")
            let shown = try Command.grantor("plugins", "show", "--plugin-path", ".", "it-shows", in: folder).output
            #expect(shown.contains(/tries +3 +1 to 9/) && !shown.contains("SET TO"), "\(shown)")
            // The folder is that of the command, whichever configuration is read.
            _ = try Command.shell("mkdir other", in: folder)
            try folder.write("other/a.yaml", "issuer: http://127.0.0.1:8080\nplugins: [memory-store]\n")
            let both = try Command.grantor(
                "plugins", "show", "--plugin-path", ".", "--config", "other/a.yaml", "it-shows", in: folder)
            #expect(both.status == 0 && both.output.contains("it-shows 1.0.0"), "\(both)")
        }
    }

    @Test("a mistake in the plugin's entry is reported with its place")
    func mistakes() async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build("it-shows", Self.source)
            for (entry, line, message) in [
                ("settings: { api_password: a, tries: 50 }", 6, "'tries' must be from 1 to 9"),
                ("settings: {}", 6, "the setting 'api_password' must be a string: the password of the API"),
                ("settings: { api_password: [a] }", 6, "'api_password' must be a string"),
                ("sha256: '\(String(repeating: "0", count: 64))'", 4, "but the configuration pins 00"),
            ] {
                try folder.write("config.yaml", configuration("library: \(library)\n    \(entry)"))
                let ended = try show(folder)
                #expect(ended.status == 78 && ended.output.isEmpty, "\(ended)")
                #expect(ended.errors.contains("config.yaml:\(line):"), "\(ended.errors)")
                #expect(ended.errors.components(separatedBy: ": error: ").count == 2, "once: \(ended.errors)")
                #expect(ended.errors.contains(message), "\(ended.errors)")
            }
        }
    }

    // MARK: libraries of another kind or name

    @Test("a static library is reported with its place and what to change")
    func staticLibrary() async throws {
        try await Folder.with { folder in
            try folder.write("libit-shows.a", "!<arch>\n")
            let remedy = "give the product in its Package.swift 'type: .dynamic'"
            for (entry, more, message) in [
                ("", "plugin_path: .", "/libit-shows.a is a static library: \(remedy)"),
                ("library: \(folder.path)/libit-shows.a", "", "libit-shows.a is a static library, not a shared one"),
            ] {
                try folder.write("config.yaml", configuration(entry, more: more))
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 78 && ended.errors.contains("config.yaml:4:5: error: "), "\(ended.errors)")
                #expect(ended.errors.contains(message) && ended.errors.contains(remedy), "\(ended.errors)")
            }
        }
    }

    @Test("a library with another name than its plugin is recognised by its functions")
    func misnamed() async throws {
        try await Folder.with { folder in
            _ = try Toolchain(folder: folder).build("it-shows", Self.source)
            _ = try Command.shell("mv libit-shows.so ItShows.so", in: folder)
            try folder.write("config.yaml", configuration("", more: "plugin_path: ."))
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.errors.contains("/ItShows.so is this plugin: rename it to libit-shows.so"), "\(ended.errors)")
            _ = try Command.shell("mv ItShows.so libit_shows.so", in: folder)
            let listed = try Command.grantor("plugins", "list", "--plugin-path", ".", in: folder).output
            #expect(listed.contains("contains the plugin 'it-shows', not 'it_shows' (rename the file"), "\(listed)")
        }
    }
}
