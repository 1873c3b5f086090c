// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GrantKit
import Support
import Testing

@Suite("sqlite-store tells the operator what is wrong", .timeLimit(.minutes(10)))
struct SQLiteFailureTests {
    private func message(_ path: String) async -> String {
        do {
            let store = try Stores.make(Stores.sqlite, ["path": .string(path), "busy_timeout": "1s"])
            try await store.plugin.start()
            _ = try await store.store.write([
                .create(StoreRecord(StoreKey("a", "b"), [:], expiresAt: Timestamp(seconds: 0)))
            ])
            await store.plugin.stop()
            return "nothing is wrong"
        } catch {
            return "\(error)"
        }
    }

    @Test("only the server's user may use the file and its folder")
    func permissions() async throws {
        try await Stores.withFile { path in
            #expect(await message(path) == "nothing is wrong")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            #expect(try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test("an unwritable folder is reported with its path, and not as a missing file")
    func unwritable() async {
        // Nobody can create a file there, not even root.
        let text = await message("/sys/grantor.db")
        #expect(text.contains("the store /sys/grantor.db cannot be created: Permission denied"), "\(text)")
        #expect(text.contains("needs write access to the folder /sys"), "\(text)")
    }

    @Test("a file that is not a database")
    func corrupt() async throws {
        try await Stores.withFile { path in
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
            try Data("this is no database, however long it may be".utf8).write(to: URL(fileURLWithPath: path))
            #expect(await message(path).contains("others can read it; run: chmod 600"))
            chmod(path, 0o600)
            #expect(await message(path).contains("is corrupt or not an SQLite file"))
        }
    }

    @Test("after a clean stop the single file contains everything")
    func checkpointed() async throws {
        try await Stores.withFile { path in
            #expect(await message(path) == "nothing is wrong")
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
            let copy = path + ".copy"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let store = try Stores.make(Stores.sqlite, ["path": .string(copy)])
            try await store.plugin.start()
            #expect(try await store.store.read(StoreKey("a", "b")) != nil)
            await store.plugin.stop()
        }
    }

    @Test("replaced and deleted data is in no file any more once one of several processes has stopped")
    func overwritten() async throws {
        try await Stores.withFile { path in
            let (one, two) = (
                try Stores.make(Stores.sqlite, ["path": .string(path)]),
                try Stores.make(Stores.sqlite, ["path": .string(path)])
            )
            try await one.plugin.start()
            try await two.plugin.start()
            // Short values, and values that fill whole pages.
            let words = [1, 300].map { JSON.string(String(repeating: "overwritten ", count: $0)) }
            for (number, word) in words.enumerated() {
                for name in ["replaced", "deleted"] {
                    let record = StoreRecord(StoreKey(name, "\(number)"), word, expiresAt: Timestamp(seconds: 9))
                    _ = try await one.store.write([.create(record)])
                }
            }
            #expect(holds(path, "overwritten"))
            for number in words.indices {
                var record = try #require(try await one.store.read(StoreKey("replaced", "\(number)")))
                record.value = .string("another")
                let writes = [
                    StoreWrite.replace(record, ifVersion: record.version), .delete(StoreKey("deleted", "\(number)")),
                ]
                #expect(try await one.store.write(writes) == .committed)
            }
            await one.plugin.stop()
            #expect(!holds(path, "overwritten") && holds(path, "another"))
            #expect(try await two.store.read(StoreKey("replaced", "0"))?.value == .string("another"))
            await two.plugin.stop()
        }
    }

    private func holds(_ path: String, _ word: String) -> Bool {
        [path, path + "-wal"].contains { name in
            FileManager.default.contents(atPath: name)?.range(of: Data(word.utf8)) != nil
        }
    }

    @Test("an unreadable record is an error of the store, and is purged all the same")
    func unreadable() async throws {
        try await Stores.withFile { path in
            #expect(await message(path) == "nothing is wrong")
            let other = try DatabaseQueue(path: path)
            try await other.write { try $0.execute(sql: "UPDATE record SET value = '{oops', expires_at = 1") }
            try other.close()
            let store = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await store.plugin.start()
            await #expect(throws: StoreError.self) { try await store.store.read(StoreKey("a", "b")) }
            #expect(try await store.store.purge(expiredBefore: Timestamp(seconds: 9), limit: 10) == 1)
            await store.plugin.stop()
        }
    }

    @Test("a write that fails does not fail others")
    func neighbours() async throws {
        try await Stores.withFile { path in
            let store = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await store.plugin.start()
            let other = try DatabaseQueue(path: path)
            try await other.write { database in
                try database.execute(
                    sql:
                        "CREATE TRIGGER t BEFORE INSERT ON record WHEN new.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            }
            let results = await withTaskGroup(of: (String, Bool).self) { group in
                for number in 0..<40 {
                    let id = number % 10 == 3 ? "bad" : "n\(number)"
                    let record = StoreRecord(StoreKey("a", id), [:], expiresAt: Timestamp(seconds: 0))
                    group.addTask { (id, (try? await store.store.write([.create(record)])) == .committed) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.allSatisfy { $0.1 == ($0.0 != "bad") })
            await store.plugin.stop()
        }
    }

    @Test("a folder in place of the file")
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
            var unsafe = GRDB.Configuration()
            unsafe.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: path, configuration: unsafe)
            try other.inDatabase { try $0.execute(sql: "BEGIN EXCLUSIVE") }
            let message = await message(path)
            try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
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

    @Test("committed data survives a restart")
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
}
