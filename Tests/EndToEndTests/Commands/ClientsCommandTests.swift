// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The command 'grantor clients'", .timeLimit(.minutes(10)))
struct ClientsCommandTests {
    private func with(_ body: (Folder) async throws -> Void) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            try await body(folder)
        }
    }

    private func clients(_ folder: Folder, _ arguments: String...) throws -> Ended {
        try Command.run(Build.program, ["clients"] + arguments, in: folder)
    }

    private func secret(of made: Ended) throws -> String {
        String(try #require(made.output.firstMatch(of: /client_secret +([A-Za-z0-9_\-]{43})\n/)).1)
    }

    @Test("adds, lists, shows, rotates, disables, enables and removes clients, and a running server follows at once")
    func walk() async throws {
        try await with { folder in
            let program = try await Program.start(folder)
            defer { program.stop() }
            let made = try clients(folder, "add", "orders", "--grant", "client_credentials", "--scope", "read write")
            #expect(made.status == 0 && made.output.hasPrefix("client_id      orders\n"), "\(made)")
            let first = try secret(of: made)
            program.remember(first)
            #expect(try program.token("orders", first).json["scope"] == "read write")
            let listed = try clients(folder, "list").output
            #expect(listed.contains("orders   -     client_credentials  active  the store"), "\(listed)")
            #expect(listed.contains("service  -     client_credentials  active  the configuration"))
            let shown = try clients(folder, "show", "orders").output
            #expect(shown.contains(#""scope":["read","write"]"#) && shown.contains("generated, does not expire"))
            #expect(!listed.contains(first) && !shown.contains(first))
            let rotated = try clients(folder, "rotate-secret", "orders", "--keep-old-for", "7d")
            let second = rotated.output.trimmingCharacters(in: .newlines)
            program.remember(second)
            #expect(try program.token("orders", first).status == 200)
            let token = try #require(try program.token("orders", second).json["access_token"]?.string)
            #expect(try clients(folder, "show", "orders").output.contains("generated, expires at "))
            func isActive() throws -> Bool {
                try program.post("/auth/introspect", [("token", token)], as: ("orders", second)).json["active"] == true
            }
            #expect(try isActive())
            #expect(try clients(folder, "disable", "orders").output.contains("orders is inactive"))
            #expect(try program.token("orders", second).status == 401)
            #expect(try clients(folder, "enable", "orders").output == "orders is active\n")
            #expect(try program.token("orders", second).status == 200)
            #expect(try !isActive())
            #expect(try clients(folder, "remove", "orders").status == 0)
            #expect(try program.token("orders", second).status == 401)
            let kept = try Command.shell("cat var/grantor.db*", in: folder).output
            #expect(!kept.contains(first) && !kept.contains(second))
        }
    }

    @Test("accepts a YAML file or JSON on standard input, overridden by options")
    func documents() async throws {
        try await with { folder in
            try folder.write(
                "orders.yaml", "resourceType: Client\nid: orders\ngrant_types: [client_credentials]\nsecret: a secret\n"
            )
            let made = try clients(folder, "add", "--document", "orders.yaml", "--scope", "read")
            #expect(made.status == 0 && made.output == "client_id      orders\n", "\(made)")
            let json = #"{"id":"x","grant_types":["client_credentials"]}"#
            let piped = try Command.shell("echo '\(json)' | \(Build.program) clients add y --document -", in: folder)
            #expect(piped.status == 0 && piped.output.hasPrefix("client_id      y\n"), "\(piped)")
            let program = try await Program.start(folder, secrets: ["a secret"])
            defer { program.stop() }
            #expect(try program.token("orders", "a secret").json["scope"] == "read")
            #expect(try program.token("orders", "a wrong one").status == 401)
            #expect(try program.token("y", try secret(of: piped)).status == 200)
        }
    }

    @Test("an invalid document is refused with line and column, and no client is added")
    func places() async throws {
        try await with { folder in
            try folder.write("x.yaml", "id: x\ngrant_types:\n  - client_credentials\n  - magic\nscops: [read]\n")
            let ended = try clients(folder, "add", "--document", "x.yaml")
            #expect(ended.status != 0 && ended.output.isEmpty)
            #expect(ended.errors.contains("x.yaml:4:5: error: no loaded plugin provides the grant 'magic'"), "\(ended)")
            #expect(ended.errors.contains("unknown key 'scops' in client 'x'"))
            #expect(try !clients(folder, "list").output.contains("\n  x "))
        }
    }

    /// Commands that are refused, and the words that say why.
    static let refused: [(rule: String, arguments: [String], words: String)] = [
        (
            "a declared id", ["add", "service", "--grant", "client_credentials"],
            "the configuration declares the client"
        ),
        (
            "an id that is taken", ["add", "orders", "--grant", "client_credentials"],
            "a client 'orders' already exists"
        ),
        ("an unknown grant", ["add", "x", "--grant", "magic"], "no loaded plugin provides the grant 'magic'"),
        ("a public client", ["add", "x", "--public", "--grant", "client_credentials"], "without a secret"),
        ("two kinds of secret", ["add", "x", "--public", "--secret-file", "f"], "cannot be combined"),
        ("no such file", ["add", "--document", "none"], "cannot be read"),
        ("a declared client disabled", ["disable", "service"], "change it there, then reload"),
        ("a declared client removed", ["remove", "service"], "change it there, then reload"),
        ("a declared client's secret", ["rotate-secret", "service"], "change it there, then reload"),
        (
            "an unknown client", ["disable", "none"],
            "there is no client 'none' in the store; 'grantor clients list' shows"
        ),
        ("an unknown client removed", ["remove", "none"], "there is no client 'none'"),
        ("an unknown client shown", ["show", "none"], "there is no client 'none'"),
        ("an id with a line end", ["remove", "a\nb"], "an id must be 1 to 256 printable ASCII"),
        (
            "an id that no address names", ["add", "..", "--grant", "client_credentials"],
            "'id' must not be '.' or '..'"
        ),
        ("a document that is a list", ["add", "--document", "list.json"], "must be"),
        ("a bare number", ["rotate-secret", "orders", "--keep-old-for", "x"], "must be a duration"),
    ]

    @Test("says what is wrong and what to do", arguments: refused)
    func refuses(_ rule: String, _ arguments: [String], _ words: String) async throws {
        try await with { folder in
            #expect(try clients(folder, "add", "orders", "--grant", "client_credentials").status == 0)
            try folder.write("list.json", "[]")
            let ended = try Command.run(Build.program, ["clients"] + arguments, in: folder)
            #expect(ended.status != 0 && ended.errors.contains(words), "\(rule): \(ended.errors)")
        }
    }

    @Test("a server does not start if it declares an id that a client in the store has")
    func conflict() async throws {
        try await with { folder in
            #expect(try clients(folder, "add", "orders", "--grant", "client_credentials").status == 0)
            try folder.write("config.yaml", Configurations.yaml(more: "users: [{ id: orders }]"))
            let ended = try Command.grantor("serve", in: folder)
            #expect(
                ended.status == 78 && ended.errors.contains("'orders' already names a client in the store"),
                "\(ended.errors)")
        }
    }

    @Test(
        "the help of each command explains it",
        arguments: ["add", "list", "show", "rotate-secret", "assertion", "disable", "enable", "remove"])
    func help(_ name: String) async throws {
        try await Folder.with { folder in
            let shown = try Command.grantor("clients", name, "--help", in: folder)
            #expect(shown.status == 0 && shown.output.contains("OVERVIEW") && shown.output.count > 300)
        }
    }
}
