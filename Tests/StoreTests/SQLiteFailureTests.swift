// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("sqlite-store tells the operator what is wrong", .timeLimit(.minutes(1)))
struct SQLiteFailureTests {
    private func message(_ path: String) async -> String {
        do {
            let store = try Stores.make(Stores.sqlite, ["path": .string(path), "busy_timeout": "1s"])
            try await store.plugin.start()
            _ = try await store.store.write([.create(StoreRecord(StoreKey("a", "b"), [:], expiresAt: Timestamp(seconds: 0)))])
            await store.plugin.stop()
            return "nothing is wrong"
        } catch {
            return "\(error)"
        }
    }

    @Test("the file and its folder are made for the server's user alone")
    func permissions() async throws {
        try await Stores.withFile { path in
            #expect(await message(path) == "nothing is wrong")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            #expect(try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test("a file that is no database")
    func corrupt() async throws {
        try await Stores.withFile { path in
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
            try Data("this is no database, however long it may be".utf8).write(to: URL(fileURLWithPath: path))
            #expect(await message(path).contains("is corrupt or no SQLite file"))
        }
    }

    @Test("a folder in the place of the file")
    func folder() async throws {
        try await Stores.withFile { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            #expect(await message(path).contains("cannot be opened"))
        }
    }

    @Test("a file that another process has locked")
    func locked() async throws {
        try await Stores.withFile { path in
            #expect(await message(path) == "nothing is wrong")
            let holder = try Process.holding(path)
            defer { holder.terminate() }
            let message = await message(path)
            #expect(message.contains("is locked by another process"), "\(message)")
        }
    }

    @Test("a disk that is full")
    func full() async throws {
        guard geteuid() == 0 else { return }
        try await Stores.withFile { path in
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            guard Process.succeeds("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder) else { return }
            defer { _ = Process.succeeds("umount", "-l", folder) }
            let store = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await store.plugin.start()
            let value = JSON.string(String(repeating: "x", count: 4000))
            var failure = ""
            for number in 0..<200 where failure.isEmpty {
                let record = StoreRecord(StoreKey("a", "\(number)"), value, expiresAt: Timestamp(seconds: 0))
                do { _ = try await store.store.write([.create(record)]) } catch { failure = "\(error)" }
            }
            await store.plugin.stop()
            #expect(failure.contains("the disk is full") || failure.contains("cannot be read or written"), "\(failure)")
        }
    }

    @Test("what was committed is there after a restart")
    func durable() async throws {
        try await Stores.withFile { path in
            #expect(await message(path) == "nothing is wrong")
            let store = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await store.plugin.start()
            #expect(try await store.store.read(StoreKey("a", "b")) != nil)
            await store.plugin.stop()
            await #expect(throws: StoreError.self) { try await store.store.write([.delete(StoreKey("a", "b"))]) }
        }
    }
}

extension Process {
    static func succeeds(_ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try? process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// Holds the write lock of a database from another process.
    static func holding(_ path: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('BEGIN EXCLUSIVE'); print('held',flush=True); time.sleep(60)"
        process.arguments = ["python3", "-c", script, path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        _ = pipe.fileHandleForReading.availableData
        return process
    }
}
