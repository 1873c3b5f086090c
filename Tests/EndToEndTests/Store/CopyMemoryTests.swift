// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

/// `GRANTOR_COPY_ROWS` makes the large copy larger, such as 500000.
@Suite("A copy takes the same memory whatever its size", .timeLimit(.minutes(60)))
struct CopyMemoryTests {
    private static let large = Int(ProcessInfo.processInfo.environment["GRANTOR_COPY_ROWS"] ?? "") ?? 30_000

    /// Runs a command.
    ///
    /// - Returns: The most memory that it had, in KiB.
    private static func peak(_ folder: Folder, _ arguments: String...) async throws -> Int {
        // What the process used at most, as the system reports it when the process has ended.
        let measure = """
            import resource, subprocess, sys
            subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let ended = try Command.run(
            "/usr/bin/python3", ["-c", measure, Build.program, "store"] + arguments, in: folder)
        return try #require(Int(ended.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(ended)")
    }

    private static func store(_ kind: String, _ count: Int) throws -> String {
        #if POSTGRESQL
        if kind == "postgres" { return try Copied.postgreSQL() }
        #endif
        return Copied.sqlite("\(count).db")
    }

    @Test("import and export of many records need at most 16 MiB more than of few", arguments: Copied.kinds)
    func constant(_ kind: String) async throws {
        try await Folder.with { folder in
            var peaks: [[Int]] = []
            for count in [1000, Self.large] {
                try folder.write("config.yaml", Copied.yaml(try Self.store(kind, count)))
                let value = "{\"name\":\"\(String(repeating: "x", count: 300))\"}"
                let lines = (0..<count).map { Copied.record("user", "user-\($0)", value: value) }
                try folder.write("\(count).copy", try Copied.file(lines))
                let loaded = try await Self.peak(folder, "import", "\(count).copy")
                peaks.append([loaded, try await Self.peak(folder, "export", "\(count).out")])
            }
            for (few, many) in zip(peaks[0], peaks[1]) { #expect(many < few + 16384, "\(peaks)") }
        }
    }

    @Test("records of two MiB are not collected by the hundred", arguments: Copied.kinds)
    func large(_ kind: String) async throws {
        try await Folder.with { folder in
            var peaks: [[Int]] = []
            let value = "\"\(String(repeating: "x", count: 2 << 20))\""
            for count in [4, 60] {
                try folder.write("config.yaml", Copied.yaml(try Self.store(kind, count)))
                let lines = (0..<count).map { Copied.record("user", "user-\($0)", value: value) }
                try folder.write("\(count).copy", try Copied.file(lines))
                let loaded = try await Self.peak(folder, "import", "\(count).copy")
                peaks.append([loaded, try await Self.peak(folder, "export", "\(count).out")])
            }
            // Four records are less than what is collected.
            for (few, many) in zip(peaks[0], peaks[1]) { #expect(many < few + 65536, "\(peaks)") }
        }
    }
}
