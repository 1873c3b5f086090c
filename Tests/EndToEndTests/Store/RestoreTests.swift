// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A backup is made while the server runs, and restored", .timeLimit(.minutes(20)))
struct RestoreTests {
    private static func store(_ kind: String, _ name: String) throws -> String {
        #if POSTGRESQL
        if kind == "postgres" { return try Copied.postgreSQL() }
        #endif
        return Copied.sqlite(name)
    }

    private static func start(_ folder: Folder) async throws -> Program {
        try await Program.start(folder, secrets: [Copied.secret, "demo-ann"])
    }

    /// An assertion that its maker dates some seconds ahead; nil for one without a date.
    private static func assert(_ signer: Signer, _ id: String, ahead: Int64? = 0) throws -> String {
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        var claims = signer.claims(at: now, id: id).changed(by: ["aud": .string(Copied.issuer)])
        claims["iat"] = ahead.map { .integer(now.seconds + $0) }
        return try signer.sign(claims)
    }

    private static func use(_ assertion: String, at program: Program) throws -> Int {
        try program.post(
            "/auth/token",
            [
                ("grant_type", "client_credentials"), ("client_assertion", assertion),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ]
        ).status
    }

    private struct World {
        let folder: Folder
        let issued: Issued
        /// Assertions that were used after the backup: with and without a time of issue, and by a clock that is ahead.
        let used: [String]
        let robot: Signer
    }

    /// Issues everything, backs the store up, and uses one-use values after that.
    private static func backedUp(_ kind: String, _ body: (World, String) async throws -> Void) async throws {
        let robot = try Signer()
        let client = "  - { id: robot, jwks: \(robot.keys.text), grant_types: [client_credentials], scope: [read] }"
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(try store(kind, "first.db"), clients: client))
            let program = try await start(folder)
            let added = try Command.shell(
                "printf 'a password of bob' | \(Build.program) users add bob --password-file -", in: folder)
            #expect(added.status == 0, "\(added)")
            let issued = try Issued(at: program)
            let backup = try Command.grantor("store", "backup", "store.backup", in: folder)
            #expect(backup.status == 0, "\(backup)")
            #expect(try issued.redeem(at: program).status == 200 && issued.poll(at: program).status == 200)
            let used = [try assert(robot, "a"), try assert(robot, "b", ahead: nil), try assert(robot, "d", ahead: 29)]
            for assertion in used { #expect(try use(assertion, at: program) == 200) }
            #expect(program.stop() == 0)
            try folder.write("config.yaml", Copied.yaml(try store(kind, "second.db"), clients: client))
            try await body(World(folder: folder, issued: issued, used: used, robot: robot), client)
        }
    }

    @Test("nothing that was issued before is accepted, and users can sign in again", arguments: Copied.kinds)
    func strict(_ kind: String) async throws {
        try await Self.backedUp(kind) { world, _ in
            let restored = try Command.grantor("store", "restore", "store.backup", in: world.folder)
            #expect(restored.status == 0, "\(restored)")
            let program = try await Self.start(world.folder)
            defer { program.stop() }
            #expect(try world.issued.accepted(at: program) == [])
            for assertion in world.used { #expect(try Self.use(assertion, at: program) == 401) }
            // One that cannot have been dated before the restore is accepted.
            let isUsed = try await Patience.wait(.milliseconds(300)) {
                try Self.use(try Self.assert(world.robot, UUID().uuidString, ahead: 29), at: program) == 200
            }
            #expect(isUsed)
            #expect(try Command.grantor("users", "list", in: world.folder).output.contains("bob"))
            let next = try Issued(at: program)
            #expect(try next.accepted(at: program) == Issued.everything)
        }
    }

    @Test(
        "with --keep-tokens, tokens and sessions stay, and what can be used once cannot be used again",
        arguments: Copied.kinds)
    func keeping(_ kind: String) async throws {
        try await Self.backedUp(kind) { world, _ in
            let restored = try Command.grantor("store", "restore", "store.backup", "--keep-tokens", in: world.folder)
            #expect(restored.status == 0, "\(restored)")
            let program = try await Self.start(world.folder)
            defer { program.stop() }
            #expect(try world.issued.accepted(at: program) == Array(Issued.everything.prefix(4)))
            for assertion in world.used { #expect(try Self.use(assertion, at: program) == 401) }
            // One that cannot have been dated before the restore is accepted.
            let isUsed = try await Patience.wait(.milliseconds(300)) {
                try Self.use(try Self.assert(world.robot, UUID().uuidString, ahead: 29), at: program) == 200
            }
            #expect(isUsed)
        }
    }

    private static let declared = "keys: { signing: [{ file: signing.pem }] }"

    private static func isActive(_ token: String, at program: Program) throws -> Bool {
        try program.post("/auth/introspect", [("token", token)], as: ("api", Copied.secret)).json["active"] == true
    }

    @Test("what one restore has ended stays ended after another one with --keep-tokens, and all that came since stays")
    func twice() async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                "umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signing.pem", in: folder
            )
            #expect(made.status == 0, "\(made)")
            func serve(_ number: Int, _ body: (Program) throws -> Void) async throws {
                try folder.write("config.yaml", Copied.yaml(Copied.sqlite("\(number).db"), more: Self.declared))
                let program = try await Self.start(folder)
                try body(program)
                #expect(program.stop() == 0)
            }
            var tokens: [String] = []
            for number in 0..<3 {
                if number > 0 {
                    try folder.write("config.yaml", Copied.yaml(Copied.sqlite("\(number).db"), more: Self.declared))
                    let options = number == 2 ? ["--keep-tokens"] : []
                    let ended = try Command.run(
                        Build.program, ["store", "restore", "\(number - 1).backup"] + options, in: folder)
                    #expect(ended.status == 0, "\(ended)")
                }
                try await serve(number) { program in
                    let expected = [[], [false], [false, true]][number]
                    #expect(try tokens.map { try Self.isActive($0, at: program) } == expected, "\(number)")
                    tokens.append(try #require(try program.token("api", Copied.secret)["access_token"]))
                    #expect(try Self.isActive(tokens[number], at: program))
                }
                #expect(try Command.grantor("store", "backup", "\(number).backup", in: folder).status == 0)
            }
        }
    }

    @Test("a server that runs although the store is restored under it ends by itself")
    func underneath() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            for (key, value) in [("loading", "{}"), ("restored", "{\"at\":1,\"keeps_tokens\":true}")] {
                let program = try await Self.start(folder)
                let mark = "INSERT INTO record VALUES ('store_mark', '\(key)', '\(value)', 1, 0, 253402300799, '{}')"
                let script = "import sqlite3, sys; d = sqlite3.connect('store.db'); d.execute(sys.argv[1]); d.commit()"
                let added = try Command.run("/usr/bin/python3", ["-c", script, mark], in: folder)
                #expect(added.status == 0, "\(added)")
                #expect(try await Patience.wait(.milliseconds(100)) { !program.isRunning })
                #expect(program.stop() != 0)
                _ = try Command.shell("rm -f store.db*", in: folder)
            }
        }
    }

    @Test("a backup of another issuer, of other plugins or under another sealing key is refused")
    func compared() async throws {
        try await Folder.with { folder in
            try folder.write("seal", "\(String(repeating: "ab", count: 32))\n")
            try folder.write("other", "\(String(repeating: "cd", count: 32))\n")
            let sealed = Copied.yaml(Copied.sqlite("first.db"), more: "keys: { seal: { file: seal } }")
            try folder.write("config.yaml", sealed)
            #expect(try await Self.start(folder).stop() == 0)
            #expect(try Command.grantor("store", "backup", "b", in: folder).status == 0)
            func restore(_ yaml: String, _ options: String...) throws -> Ended {
                try folder.write("config.yaml", yaml)
                return try Command.run(Build.program, ["store", "restore", "b"] + options, in: folder)
            }
            let next = sealed.replacing("first.db", with: "next.db")
            let issuer = try restore(next.replacing("http://127.0.0.1:8080", with: "http://127.0.0.1:8081"))
            #expect(issuer.status == 1 && issuer.errors.contains("is of the issuer http://127.0.0.1:8080"), "\(issuer)")
            let fewer = next.replacing("  - device-authorization\n", with: "")
                .replacing("  - { id: tv, grant_types: [device_code], scope: [read] }\n", with: "")
            let plugins = try restore(fewer)
            #expect(plugins.errors.contains("plugins that the configuration lacks: device-authorization"), "\(plugins)")
            let key = try restore(next.replacing("file: seal", with: "file: other"), "--keep-tokens")
            #expect(key.status == 1 && key.errors.contains("add that key to 'keys.seal'"), "\(key)")
            let wrong = try Command.grantor("store", "import", "b", in: folder)
            #expect(wrong.status == 1 && wrong.errors.contains("is a backup"), "\(wrong)")
            #expect(try Command.grantor("store", "status", in: folder).output.contains("nothing is stored yet"))
            #expect(try restore(fewer, "--ignore-plugins").status == 0)
        }
    }
}
