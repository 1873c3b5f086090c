// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A copy cannot do more than fill the store", .timeLimit(.minutes(20)))
struct HostileCopyTests {
    private static let line = Copied.record("user", "u1")

    private static func nested(_ depth: Int) -> String {
        Copied.record(
            "user", "deep",
            value: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
    }

    private static func importing(_ folder: Folder, _ copy: String) throws -> Ended {
        try folder.write("store.copy", copy)
        return try Command.grantor("store", "import", "store.copy", in: folder)
    }

    @Test("a value that a store could not read again is not loaded, and the deepest one that it can is")
    func depth() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            let refused = try Self.importing(folder, try Copied.file([Self.nested(65)]))
            #expect(refused.status == 1 && refused.errors.contains("line 2: it is not JSON"), "\(refused)")
            #expect(try Self.importing(folder, try Copied.file([Self.nested(64)])).status == 0)
            let exported = try Command.grantor("store", "export", "x", in: folder)
            #expect(exported.status == 0, "\(exported)")
            #expect(Copied.items(folder.read("x")) == [Self.nested(64)])
        }
    }

    @Test("what is unknown in the first line or in the last one is refused, as in every other line")
    func members() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            for header in [
                ["encoding": "2"], ["plugins": "[\"a\",7]"], ["collections": "[{\"durability\":\"relaxed\"}]"],
                ["collections": "[{\"name\":\"a\",\"durability\":\"relaxed\",\"parts\":2}]"],
                ["collections": "[{\"name\":\"a\",\"durability\":\"sometimes\"}]"],
            ] {
                let ended = try Self.importing(folder, try Copied.file([Self.line], header: header))
                #expect(ended.status == 1 && ended.errors.contains("line 1: "), "\(header): \(ended)")
            }
            let more = try Copied.file([Self.line]).replacing("\"items\":1", with: "\"items\":1,\"parts\":2")
            let ended = try Self.importing(folder, more)
            #expect(ended.status == 1 && ended.errors.contains("line 3: it has a member that"), "\(ended)")
        }
    }

    @Test("nothing in a copy reaches the terminal as a control sequence")
    func terminal() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            let escape = #"\u001b[31m\u202e"#
            for copy in [
                try Copied.file([Self.line], header: ["issuer": "\"https://a\(escape)\""]),
                try Copied.file([Copied.record("badges\(escape)", "b")]),
            ] {
                let ended = try Self.importing(folder, copy)
                #expect(ended.status == 1 && ended.errors.contains("[31m"), "\(ended)")
                #expect(!ended.errors.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" }, "\(ended)")
            }
        }
    }

    @Test("a copy with an unknown collection in each line names ten of them")
    func collections() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            let lines = (0..<2000).map { Copied.record("badges-\($0)", "b") }
            let ended = try Self.importing(folder, try Copied.file(lines))
            #expect(ended.errors.contains("these collections of the copy: badges-0 (1)"), "\(ended)")
            #expect(ended.status == 1 && ended.errors.contains("and more"), "\(ended)")
            #expect(ended.errors.ranges(of: "badges-").count == 10, "\(ended)")
        }
    }

    @Test("a pipe in the place of a file is refused, and no command waits for its other end")
    func pipes() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            try folder.write("store.copy", try Copied.file([Self.line]))
            let script = """
                mkfifo x.partial in
                timeout 60 \(Build.program) store export x; echo "export $?"
                timeout 60 \(Build.program) store import in; echo "import $?"
                timeout 60 \(Build.program) store import .; echo "folder $?"
                """
            let ended = try Command.shell(script, in: folder)
            #expect(ended.output.contains("export 1\n") && ended.output.contains("import 1\n"), "\(ended)")
            #expect(ended.output.contains("folder 1\n") && ended.errors.contains("is no file"), "\(ended)")
        }
    }

    @Test("a backup from the future is refused, since its tokens would be accepted after the restore")
    func future() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            let moment = Int64(Date().timeIntervalSince1970) + 3600
            try folder.write(
                "b", try Copied.file([Self.line], kind: "backup", header: ["taken_at": "\(moment)"]))
            let ended = try Command.grantor("store", "restore", "b", in: folder)
            #expect(ended.status == 1 && ended.errors.contains("set the clock"), "\(ended)")
        }
    }

    @Test("standard output that others can read is warned about")
    func exposed() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            let open = try Command.shell("umask 022; \(Build.program) store export - > x", in: folder)
            #expect(open.status == 0 && open.errors.contains("warning: others can read"), "\(open)")
            let closed = try Command.shell("umask 077; \(Build.program) store export - > y", in: folder)
            #expect(closed.status == 0 && !closed.errors.contains("warning: others"), "\(closed)")
        }
    }
}
