// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The program with --development", .timeLimit(.minutes(10)))
struct DevelopmentTests {
    /// A grant that logs a line and fails.
    private static let source = """
        struct Broken: Error, CustomStringConvertible { let description = "the wheel came off" }
        struct It: Plugin, TokenGrant {
            static let manifest = PluginManifest(id: "it-breaks", summary: "", specification: "")
            let declaration = GrantDeclaration("it-breaks", client: .confidential)
            let host: any PluginHost
            init(settings: Settings, host: any PluginHost) throws { self.host = host }
            func register(in registry: inout Registry) { registry.add(grant: self) }
            func authorize(_ request: TokenRequest) async throws -> Authorization {
                host.log.debug("about to break", ["client": request.client.id, "line": "one\\ntwo"])
                throw Broken()
            }
        }
        """

    private func configuration(_ library: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins: [memory-store, jwt-token, client-credentials, { plugin: it-breaks, library: \(library) }]
        clients: [{ id: a, secret: the secret of a, grant_types: [it-breaks] }]
        """
    }

    private func ask(_ program: Program) throws -> HTTPAnswer {
        try program.post("/auth/token", [("grant_type", "it-breaks")], as: ("a", "the secret of a"))
    }

    private func lines(_ program: Program, with message: String) -> [JSON] {
        program.log.utf8.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON(parsing: Array($0)) }
            .filter { $0["message"]?.string == message }
    }

    @Test("shows errors of plugins in responses and logs their lines, and without it neither")
    func shown() async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build("it-breaks", Self.source)
            try folder.write("config.yaml", configuration(library))
            let open = try await Program.start(folder, options: ["--development"], secrets: ["the secret of a"])
            #expect(open.output.contains("\ndevelopment responses show errors of plugins"))
            let told = try ask(open)
            #expect(told.status == 500)
            #expect(
                told["error_description"]
                    == "the plugin 'it-breaks' failed in TokenGrant.authorize: the wheel came off")
            #expect(try await Patience.wait { !lines(open, with: "failed").isEmpty })
            let own = lines(open, with: "about to break")
            #expect(own.count == 1 && own[0]["plugin"] == "it-breaks" && own[0]["client"] == "a")
            #expect(own[0]["line"] == "one two" && own[0]["level"] == "debug")
            let failed = lines(open, with: "failed")
            #expect(failed[0]["plugin"] == "it-breaks" && failed[0]["call"] == "TokenGrant.authorize")
            #expect(own[0]["request"] != nil && own[0]["request"] == failed[0]["request"])
            for (host, status) in [("evil.example", 421), ("127.0.0.1", 200), ("localhost:\(open.port)", 200)] {
                let url = "http://127.0.0.1:\(open.port)/.well-known/oauth-authorization-server"
                let curl = try Command.shell(
                    "curl -s -o /dev/null -w %{http_code} -H 'Host: \(host)' \(url)", in: folder)
                #expect(curl.output == "\(status)", "\(host)")
            }
            try folder.write("config.yaml", configuration(library) + "\nmonitoring: { host: 0.0.0.0 }")
            let reloaded = try await open.reload()
            #expect(reloaded.contains("with '--development', the server must listen on this machine only"))
            #expect(reloaded.contains("not reloaded"))
            #expect(open.stop() == 0)

            try folder.write("config.yaml", configuration(library))
            let closed = try await Program.start(folder, secrets: ["the secret of a"])
            #expect(!closed.output.contains("development"))
            #expect(try ask(closed)["error_description"]?.contains("see request") == true)
            #expect(try await Patience.wait { !lines(closed, with: "failed").isEmpty })
            #expect(lines(closed, with: "about to break").isEmpty)
            #expect(closed.stop() == 0)
        }
    }

    /// Addresses that other machines may reach, and the messages about them.
    static let refused: [(yaml: String, message: String)] = [
        (
            "issuer: https://id.example.com\nlisten: { port: 0 }",
            """
            config.yaml:1:9: error: with '--development', the issuer must be an address of this machine
                1 | issuer: https://id.example.com
                  |         ^~~~~~~~~~~~~~~~~~~~~~ use 127.0.0.1, or start the server without '--development'

            """
        ),
        (
            "issuer: http://127.0.0.1:8080\nlisten: { host: 0.0.0.0, port: 0 }",
            """
            config.yaml:2:17: error: with '--development', the server must listen on this machine only
                2 | listen: { host: 0.0.0.0, port: 0 }
                  |                 ^~~~~~~ use 127.0.0.1, or start the server without '--development'

            """
        ),
        (
            "issuer: http://127.0.0.1:8080\nmonitoring: { host: \"::\", port: 0 }",
            """
            config.yaml:2:21: error: with '--development', the server must listen on this machine only
                2 | monitoring: { host: "::", port: 0 }
                  |                     ^~~~ use 127.0.0.1, or start the server without '--development'

            """
        ),
    ]

    @Test("is refused at each address that other machines may reach", arguments: refused)
    func elsewhere(_ row: (yaml: String, message: String)) async throws {
        try await Folder.with { folder in
            let rest = "log: { format: human }\nplugins: [memory-store, jwt-token, client-credentials]\n"
            try folder.write("config.yaml", "\(row.yaml)\n\(rest)")
            let ended = try Command.grantor("serve", "--development", in: folder)
            #expect(ended.status == 78 && ended.errors.contains(row.message), "\(ended.errors)")
        }
    }

    @Test("is no key of the configuration")
    func onlyByFlag() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(more: "development: true"))
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 78 && ended.errors.contains("unknown key 'development'"), "\(ended.errors)")
        }
    }
}
