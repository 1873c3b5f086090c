// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A store is exported and imported", .timeLimit(.minutes(20)))
struct CopyTests {
    /// Lines of every kind, as this program writes them.
    private static let lines = [
        Copied.record("user", "ann", value: #"{"id":"ann","name":"Änn \"x\"","n":[1,2.5,null,true]}"#, version: 7),
        Copied.record("session", "s1", more: #","redeemed":true,"indexes":{"user":"ann"}"#),
        Copied.record("authorization_code", #"a\u0000b\u0001"#, more: #","redeemed":true"#),
        #"{"collection":"revoked","id":"gone","value":{},"version":1,"expires_at":1}"#,
        #"{"collection":"client","id":"c","value":{},"version":9000000000,"expires_at":253402300799,"#
            + #""indexes":{"a":"","kind":"x\u0000y"}}"#,
        #"{"collection":"used_jwt","id":"","value":"a","version":1,"expires_at":-5}"#,
        #"{"collection":"sign_in_attempt","id":"k","count":3,"expires_at":4000000000}"#,
    ]

    private static func run(_ folder: Folder, _ arguments: String...) throws -> Ended {
        try Command.run(Build.program, ["store"] + arguments, in: folder)
    }

    private static func stores() throws -> [String] {
        #if POSTGRESQL
        return [Copied.sqlite("next/one.db"), try Copied.postgreSQL(), Copied.sqlite("next/two.db")]
        #else
        return [Copied.sqlite("next/one.db"), Copied.sqlite("next/two.db")]
        #endif
    }

    @Test("from store to store everything stays as it is: versions, expiry, marks, indexes and counters")
    func exact() async throws {
        try await Folder.with { folder in
            var copy = try Copied.file(Self.lines)
            for (number, store) in try Self.stores().enumerated() {
                try folder.write("config.yaml", Copied.yaml(store))
                try folder.write("\(number).in", copy)
                let imported = try Self.run(folder, "import", "\(number).in")
                #expect(imported.status == 0 && imported.output == "imported 7 records and counters\n", "\(imported)")
                let exported = try Self.run(folder, "export", "\(number).out")
                #expect(exported.status == 0, "\(exported)")
                copy = folder.read("\(number).out")
                #expect(Copied.items(copy) == Self.lines.sorted(), "\(store)")
                let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(number).out")
                #expect(mode[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    @Test("a server continues on another store as if nothing had happened")
    func moved() async throws {
        for store in try Self.stores().dropFirst().prefix(1) {
            try await Folder.with { folder in
                try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
                let first = try await Program.start(folder, secrets: [Copied.secret, "demo-ann"])
                let issued = try Issued(at: first)
                #expect(first.stop() == 0)
                #expect(try Self.run(folder, "export", "store.copy").status == 0)
                try folder.write("config.yaml", Copied.yaml(store))
                let imported = try Self.run(folder, "import", "store.copy")
                #expect(imported.status == 0, "\(imported)")
                let second = try await Program.start(folder, secrets: [Copied.secret, "demo-ann"])
                #expect(try issued.accepted(at: second) == Issued.everything)
                #expect(second.stop() == 0)
            }
        }
    }

    @Test("nothing is exported from a store that a server uses, and nothing imported into it or into a full one")
    func refused() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            try folder.write("store.copy", try Copied.file(Self.lines))
            let program = try await Program.start(folder)
            for arguments in [["export", "x"], ["import", "store.copy"]] {
                let ended = try Command.run(Build.program, ["store"] + arguments, in: folder)
                let expected = "a server uses th"
                #expect(ended.status == 1 && ended.errors.contains(expected), "\(ended)")
                #expect(ended.errors.contains("process \(program.pid) on "), "\(ended)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x"))
            #expect(program.stop() == 0)
            let full = try Self.run(folder, "import", "store.copy")
            #expect(full.status == 1 && full.errors.contains("the store is not empty"), "\(full)")
            #expect(try Self.run(folder, "export", "x").status == 0)
            let again = try Self.run(folder, "export", "x")
            #expect(again.status == 1 && again.errors.contains("/x' exists; name another one"), "\(again)")
        }
    }

    @Test("a server that could not start does not count as one that uses the store")
    func notStarted() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite("first.db")))
            let program = try await Program.start(folder)
            let yaml = Copied.yaml(Copied.sqlite("next.db"))
            try folder.write("config.yaml", yaml.replacing("port: 0", with: "port: \(program.port)"))
            #expect(try Command.grantor("serve", in: folder).status != 0)
            let exported = try Command.grantor("store", "export", "x", in: folder)
            #expect(exported.status == 0, "\(exported)")
            #expect(program.stop() == 0)
        }
    }

    @Test("a copy is not written to a terminal, and '-' writes it to a pipe")
    func terminal() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            try folder.write("store.copy", try Copied.file(Self.lines))
            #expect(try Self.run(folder, "import", "store.copy").status == 0)
            let shown = try Command.shell("script -qec '\(Build.program) store export -' /dev/null", in: folder)
            #expect(shown.output.contains("so it is not written to a terminal; name a file"), "\(shown)")
            #expect(!shown.output.contains("collection"))
            let piped = try Command.shell("\(Build.program) store export - | cat", in: folder)
            #expect(Copied.items(piped.output) == Self.lines.sorted())
        }
    }

    @Test("'status' says what is in the store, and creates nothing")
    func status() async throws {
        for store in try Self.stores().prefix(2) {
            try await Folder.with { folder in
                try folder.write("config.yaml", Copied.yaml(store))
                let empty = try Self.run(folder, "status")
                #expect(empty.status == 0 && empty.output.contains("none yet; the first start creates"), "\(empty)")
                #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/next"))
                let migrated = try Self.run(folder, "migrate")
                #expect(migrated.output.contains("migrated the tables from version 0 to 2"), "\(migrated)")
                #expect(try Self.run(folder, "migrate").output.contains("already have version 2, the newest"))
                try folder.write("store.copy", try Copied.file(Self.lines))
                #expect(try Self.run(folder, "import", "store.copy").status == 0)
                let text = try Self.run(folder, "status").output
                #expect(text.contains(/sign_in_attempt +0 +1 +1 +0\n/), "\(text)")
                #expect(text.contains(/revoked +1 +0 +0 +1\n/), "\(text)")
                let json = try JSON(parsing: try Self.run(folder, "status", "--json").output)
                #expect(json["version"] == 2 && json["migration_waits"] == false && json["estimated"] == false)
                let session: JSON = ["name": "session", "records": 1, "counters": 0, "live": 1, "expired": 0]
                #expect(json["collections"]?.elements.contains(session) == true, "\(json)")
            }
        }
    }

    @Test("records of collections that no plugin declares are refused, kept or dropped, as the operator says")
    func unknown() async throws {
        try await Folder.with { folder in
            let lines = [Copied.record("user", "ann"), Copied.record("badges", "b1"), Copied.record("badges", "b2")]
            try folder.write("store.copy", try Copied.file(lines))
            for (number, choice) in [nil, "keep", "drop"].enumerated() {
                try folder.write("config.yaml", Copied.yaml(Copied.sqlite("\(number).db")))
                let options = choice.map { ["--unknown", $0] } ?? []
                let ended = try Command.run(
                    Build.program, ["store", "import", "store.copy"] + options, in: folder)
                let left = try Self.run(folder, "export", "\(number).out").status == 0
                #expect(left)
                let items = Copied.items(folder.read("\(number).out"))
                switch choice {
                case "keep": #expect(items == lines.sorted())
                case "drop": #expect(items == [lines[0]])
                default:
                    #expect(
                        ended.errors.contains("these collections of the copy: badges (2); add the plugin"), "\(ended)")
                    #expect(items.isEmpty)
                }
            }
        }
    }
}
