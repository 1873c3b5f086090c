// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@Suite("A copy that is cut short leaves nothing that looks whole", .timeLimit(.minutes(20)))
struct InterruptedCopyTests {
    private static let count = 12_000

    private static func prepare(_ folder: Folder) throws {
        try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
        let lines = (0..<count).map { Copied.record("user", "user-\($0)", version: 1 + $0 % 9) }
        try folder.write("store.copy", try Copied.file(lines))
    }

    private static func start(_ folder: Folder, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Build.program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        return process
    }

    /// Lets a process run for moments, until a condition holds while it is stopped.
    ///
    /// However busy the machine is, the process cannot get further in between.
    private static func stop(_ process: Process, when holds: () throws -> Bool) async throws {
        try await Patience.wait {
            kill(process.processIdentifier, SIGCONT)
            usleep(20_000)
            kill(process.processIdentifier, SIGSTOP)
            usleep(2000)
            return try holds() || !process.isRunning
        }
    }

    private static func records(_ folder: Folder) throws -> Int {
        let text = try Command.grantor("store", "status", in: folder).output
        return text.firstMatch(of: /user +(\d+)\s/).flatMap { Int($0.1) } ?? 0
    }

    @Test("an import that was killed keeps the server out, and continues where it was")
    func importing() async throws {
        try await Folder.with { folder in
            try Self.prepare(folder)
            let process = try Self.start(folder, ["store", "import", "store.copy"])
            try await Self.stop(process) { try Self.records(folder) >= 1000 }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let half = try Self.records(folder)
            #expect((1..<Self.count) ~= half, "\(half)")
            for arguments in [["serve"], ["users", "list"], ["store", "export", "x"], ["keys", "list"]] {
                let ended = try Command.run(Build.program, arguments, in: folder)
                #expect(ended.status == 1 && ended.errors.contains("only a part of a copy"), "\(arguments): \(ended)")
            }
            try folder.write("other.copy", try Copied.file([Copied.record("user", "x")]))
            let other = try Command.grantor("store", "import", "other.copy", in: folder)
            #expect(other.status == 1 && other.errors.contains("a part of another copy"), "\(other)")
            var ended = try Command.grantor("store", "import", "store.copy", in: folder)
            try await Patience.wait {
                // The mark of the one that was killed ends by the clock.
                guard ended.errors.contains("another process loads a copy") else { return true }
                ended = try Command.grantor("store", "import", "store.copy", in: folder)
                return ended.status == 0
            }
            #expect(ended.status == 0, "\(ended)")
            #expect(try Command.grantor("store", "export", "x", in: folder).status == 0)
            #expect(Copied.items(folder.read("x")) == Copied.items(folder.read("store.copy")))
        }
    }

    @Test("of two imports at once, one loads everything and the other one is refused")
    func together() async throws {
        try await Folder.with { folder in
            try Self.prepare(folder)
            let processes = try (0..<2).map { _ in try Self.start(folder, ["store", "import", "store.copy"]) }
            for process in processes { process.waitOrKill() }
            #expect(processes.map(\.terminationStatus).sorted() == [0, 1])
            #expect(try Command.grantor("store", "export", "x", in: folder).status == 0)
            #expect(Copied.items(folder.read("x")) == Copied.items(folder.read("store.copy")))
        }
    }

    @Test("an export that was killed leaves no file under its name, and the next one takes over")
    func exporting() async throws {
        try await Folder.with { folder in
            try Self.prepare(folder)
            #expect(try Command.grantor("store", "import", "store.copy", in: folder).status == 0)
            let process = try Self.start(folder, ["store", "export", "x"])
            let partial = "\(folder.path)/x.partial"
            try await Self.stop(process) {
                let size = try? FileManager.default.attributesOfItem(atPath: partial)[.size] as? Int
                return (size ?? 0) > 0
            }
            let other = try Command.grantor("store", "export", "x", in: folder)
            #expect(other.status == 1 && other.errors.contains(".partial'; wait"), "\(other)")
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x"))
            #expect(FileManager.default.fileExists(atPath: partial))
            #expect(try Command.grantor("store", "export", "x", in: folder).status == 0)
            #expect(!FileManager.default.fileExists(atPath: partial))
            #expect(Copied.items(folder.read("x")) == Copied.items(folder.read("store.copy")))
        }
    }

    @Test("a partial file that somebody else made is not written to")
    func foreign() async throws {
        guard geteuid() == 0 else { return }
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            let others = [
                "touch x.partial; chown nobody x.partial", "ln -s y x.partial", "touch y; chmod 644 y; ln y x.partial",
            ]
            for (number, make) in others.enumerated() {
                _ = try Command.shell("rm -f x* y*; \(make)", in: folder)
                let ended = try Command.grantor("store", "export", "x", in: folder)
                #expect(ended.status == 1, "\(number): \(ended)")
                #expect(folder.read("y").isEmpty && !FileManager.default.fileExists(atPath: "\(folder.path)/x"))
            }
        }
    }

    @Test("a full disk ends an export without a file, and an import that can be continued")
    func full() async throws {
        guard geteuid() == 0 else { return }
        try await Folder.with { folder in
            try Self.prepare(folder)
            let small = "\(folder.path)/small"
            try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: false)
            let mounted = try Command.shell("mount -t tmpfs -o size=600k tmpfs small", in: folder)
            guard mounted.status == 0 else { return }
            defer { _ = try? Command.shell("umount -l small", in: folder) }
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite("small/store.db")))
            let imported = try Command.grantor("store", "import", "store.copy", in: folder)
            #expect(imported.status == 1 && imported.errors.contains("disk"), "\(imported)")
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            #expect(try Command.grantor("store", "import", "store.copy", in: folder).status == 0)
            _ = try Command.shell("rm -f small/*", in: folder)
            let exported = try Command.grantor("store", "export", "small/x", in: folder)
            #expect(exported.status == 1 && exported.errors.contains("No space left on device"), "\(exported)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: small).isEmpty)
            _ = try Command.shell("mount -o remount,size=9m small", in: folder)
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite("small/store.db")))
            let again = try Command.grantor("store", "import", "store.copy", in: folder)
            #expect(again.status == 0, "\(again)")
        }
    }
}
