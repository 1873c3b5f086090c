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
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Build.program)
        process.arguments = ["store"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        var peak = 0
        while process.isRunning {
            // The highest value so far, so the last look is as good as many.
            let path = "/proc/\(process.processIdentifier)/status"
            let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            peak = max(peak, status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) } ?? 0)
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(process.terminationStatus == 0, "\(arguments)")
        return peak
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
}
