// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import Glibc
import GrantKit
import Testing

@testable import PluginLoading

private let digests = (zeros: String(repeating: "0", count: 64), ones: String(repeating: "1", count: 64))

extension PluginLock {
    fileprivate static func parse(_ text: String, name: String = "plugins.lock") throws -> PluginLock {
        try PluginLock(parsing: Array(text.utf8), name: name)
    }
}

@Suite("The format of plugins.lock", .timeLimit(.minutes(10)))
struct PluginLockTests {
    private static func entry(
        _ id: String, version: String = "1.0.0", kit: String = "0.2", sha256: String = digests.zeros
    ) -> PluginLock.Entry {
        PluginLock.Entry(id: id, version: version, kit: kit, sha256: sha256)
    }

    static let one = "[a]\nversion = \"1\"\nkit = \"0.2\"\nsha256 = \"\(digests.zeros)\"\n"

    // MARK: writing and reading

    @Test("a lock is written sorted, with a comment that says what it is, and ends with a newline")
    func written() {
        let lock = PluginLock([Self.entry("jwt-token", version: "1.2"), Self.entry("client-credentials")])
        let lines = lock.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0].hasPrefix("# ") && lines[1].contains("'grantor plugins lock'"))
        #expect(
            Array(lines.dropFirst(2)) == [
                "format = 1", "", "[client-credentials]", "version = \"1.0.0\"", "kit = \"0.2\"",
                "sha256 = \"\(digests.zeros)\"", "", "[jwt-token]", "version = \"1.2\"", "kit = \"0.2\"",
                "sha256 = \"\(digests.zeros)\"", "",
            ])
    }

    @Test("what is written is read again, with the lines of the entries")
    func roundTrip() throws {
        let lock = PluginLock([Self.entry("b", sha256: digests.ones), Self.entry("a"), Self.entry("2-fa")])
        let read = try PluginLock.parse(lock.text, name: "conf/plugins.lock")
        #expect(read == lock && read.text == lock.text)
        #expect(read.entries.map(\.id) == ["2-fa", "a", "b"])
        #expect(read["b"]?.place == "conf/plugins.lock:15" && read["c"] == nil)
        #expect(try PluginLock.parse(PluginLock([]).text).entries.isEmpty)
    }

    @Test(
        "a version of any characters stays on its line and is read as it was",
        arguments: [
            "", "1\nsha256 = \"x\"", "1\"\\", "\u{1B}[2J", "\u{202E}0.1", "\u{9B}m", "\u{2028}", "1\r\n", "\u{E9}",
            "e\u{301}", "\u{7F}",
        ])
    func versions(_ version: String) throws {
        let lock = PluginLock([Self.entry("a", version: version)])
        #expect(lock.text.utf8.split(separator: UInt8(ascii: "\n")).count == 7)
        #expect(!lock.text.unicodeScalars.contains { "\u{1B}\u{202E}\u{9B}\u{2028}\u{7F}".unicodeScalars.contains($0) })
        let read = try #require(try PluginLock.parse(lock.text)["a"]?.version)
        #expect(read.utf8.elementsEqual(version.utf8))
    }

    @Test(
        "a description stays on its line and is read as it was",
        arguments: ["", "]\n[b]\n", "\u{1B}[2J", "\u{202E}", "\u{E0001}", "\"\\", "\u{2028}\r\n", "\u{1F600}"])
    func descriptions(_ text: String) throws {
        let form: JSON = [
            "protocol": 1, "summary": .string(text), JSON.string(text).text: [.number(1.5), -2, .null, true],
        ]
        let description = PluginLock.Description(input: digests.ones, form: form)
        let lock = PluginLock([
            PluginLock.Entry(
                id: "a", version: "1", kit: "process 1", sha256: digests.zeros, description: description),
            Self.entry("b"),
        ])
        #expect(lock.text.contains("\nformat = 2\n"))
        #expect(lock.text.utf8.split(separator: UInt8(ascii: "\n")).count == 13)
        #expect(!lock.text.unicodeScalars.contains { "\u{1B}\u{202E}\u{2028}".unicodeScalars.contains($0) })
        let read = try PluginLock.parse(lock.text)
        #expect(read["a"]?.description == description && read["b"]?.description == nil)
        #expect(read.text == lock.text && read.withoutDescriptions.text.contains("\nformat = 1\n"))
        #expect(lock.changes(from: lock.withoutDescriptions).isEmpty, "descriptions admit no library")
    }

    @Test("comments, empty lines, spaces and the line endings of Windows do not matter")
    func lenient() throws {
        let text = "# mine\n\n  format=1 \n" + Self.one.replacing("kit = ", with: "  # the kit\n\tkit\t=")
        let lock = try PluginLock.parse(text)
        #expect(lock.entries == [Self.entry("a", version: "1")])
        #expect(try PluginLock.parse(text.replacing("\n", with: "\r\n")) == lock)
        #expect(try PluginLock.parse(String(text.dropLast())) == lock)
    }

    @Test(
        "a mistake is reported with its line",
        arguments: [
            ("", ":1: the file has no 'format = 1'"), ("# nothing\n", ":2: the file has no 'format = 1'"),
            ("[a]\n", ":1: 'format = 1' must be the first line"),
            ("format = 3\n", ":1: this server only knows 'format = 1' and 'format = 2'"),
            ("format = \"1\"\n", ":1: this server only knows 'format = 1'"),
            ("format = 1\nformat = 1\n", ":2: unknown key"),
            ("format = 1\nversion = \"1\"\n", ":2: 'version' must follow the '[id]' of a plugin"),
            ("format = 1\n<<<<<<< HEAD\n", ":2: neither a key with a value nor '[id]'"),
            ("format = 1\n[a\n", ":2: '[' must be followed by the id"),
            ("format = 1\n[]\n", ":2: '[' must be followed by the id"),
            ("format = 1\n[../a]\n", ":2: '[' must be followed by the id"),
            ("format = 1\n[\u{212A}]\n", ":2: '[' must be followed by the id"),
            ("format = 1\n[a]\nversion = \"1\"\n", ":2: the plugin 'a' needs 'version', 'kit' and 'sha256'"),
            ("format = 1\n\(one)\n\(one)", ":7: the plugin 'a' is in line 2 too"),
            ("format = 1\n\(one)kit = \"0.2\"\n", ":6: 'kit' is set twice"),
            ("format = 1\n\(one)Kit = \"0.2\"\n", ":6: unknown key"),
            ("format = 1\n[a]\nversion = 1\n", ":3: 'version' must be a string in double quotes"),
            ("format = 1\n[a]\nversion = '1'\n", ":3: 'version' must be a string in double quotes"),
            ("format = 1\n[a]\nversion = \"1\" 2\n", ":3: 'version' must be a string in double quotes"),
            ("format = 1\n[a]\nsha256 = \"00\"\n", ":3: 'sha256' must be 64 hexadecimal digits"),
            ("format = 1\n[a]\nsha256 = \"\(String(repeating: "A", count: 64))\"\n", ":3: 'sha256' must be 64"),
            ("format = 2\n[a]\ninput = \"00\"\n", ":3: 'input' must be 64 hexadecimal digits"),
            ("format = 2\n[a]\ndescription = \"{}\"\n", ":3: 'description' must be a JSON object"),
            ("format = 2\n[a]\ndescription = {\n", ":3: 'description' must be a JSON object"),
            ("format = 2\n\(one)description = {}\n", ":2: the plugin 'a' needs both 'input' and 'description'"),
            ("format = 2\n\(one)input = \"\(digests.ones)\"\n", ":2: the plugin 'a' needs both"),
            ("format = 2\n[a]\ndescription = {}\ndescription = {}\n", ":4: 'description' is set twice"),
            ("format = 2\ndescription = {}\n", ":2: 'description' must follow the '[id]' of a plugin"),
        ] as [(String, String)])
    func mistakes(_ text: String, _ said: String) {
        let error = #expect(throws: PluginLoadingError.self) { try PluginLock.parse(text) }
        #expect(error?.message.hasPrefix("plugins.lock\(said)") == true, "\(String(describing: error))")
        #expect(error?.note != nil)
    }

    @Test("a truncated file is refused, or lacks whole entries")
    func truncated() {
        let lock = PluginLock([Self.entry("a"), Self.entry("b"), Self.entry("c")])
        for length in 0..<lock.text.utf8.count {
            guard let read = try? PluginLock(parsing: Array(lock.text.utf8.prefix(length)), name: "") else { continue }
            for entry in read.entries { #expect(lock[entry.id] == entry, "\(length)") }
            #expect(read.entries.count < 3 || length == lock.text.utf8.count - 1, "\(length)")
        }
    }

    @Test("bytes that are not UTF-8 are refused")
    func bytes() {
        #expect(throws: PluginLoadingError.self) { try PluginLock(parsing: [0x23, 0xFF, 0x0A], name: "plugins.lock") }
    }

    @Test("ten thousand plugins are read in no time, also if the last is there twice")
    func many() throws {
        let lock = PluginLock((0..<10_000).map { Self.entry("plugin-\($0)") })
        let start = ContinuousClock.now
        #expect(try PluginLock.parse(lock.text).entries.count == 10_000)
        #expect(throws: PluginLoadingError.self) { try PluginLock.parse(lock.text + "\n[plugin-0]\n") }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    // MARK: changes

    @Test("the changes between two locks are sorted by id, with shortened digests")
    func changes() {
        let former = PluginLock([Self.entry("a"), Self.entry("b"), Self.entry("d")])
        let next = PluginLock([
            Self.entry("a"), Self.entry("c", version: "2"),
            Self.entry("d", version: "1.1", kit: "0.3", sha256: digests.ones),
        ])
        #expect(
            next.changes(from: former).map(\.description) == [
                "removed  b 1.0.0, kit 0.2, sha256 000000000000", "added    c 2, kit 0.2, sha256 000000000000",
                "changed  d: version 1.0.0 to 1.1, kit 0.2 to 0.3, sha256 000000000000 to 111111111111",
            ])
        #expect(next.changes(from: next).isEmpty && next.changes(from: nil).count == 3)
    }

    @Test("a change is one line, whatever the version is")
    func changeLine() {
        let lock = PluginLock([Self.entry("a", version: "1\n\u{1B}[2Jadded    b")])
        let line = lock.changes(from: nil).map(\.description).joined()
        #expect(line == "added    a 1  [2Jadded    b, kit 0.2, sha256 000000000000")
    }
}

@Suite("plugins.lock on disk", .timeLimit(.minutes(10)))
struct PluginLockFileTests {
    private static let lock = PluginLock([
        PluginLock.Entry(id: "a", version: "1", kit: "0.2", sha256: digests.zeros)
    ])

    private func file(_ workshop: Workshop) -> PluginLockFile {
        PluginLockFile(in: workshop.folder, beside: "config.yaml")
    }

    private func write(_ text: String, _ workshop: Workshop) throws {
        try text.write(toFile: "\(workshop.folder)/plugins.lock", atomically: true, encoding: .utf8)
    }

    private func names(_ workshop: Workshop) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: workshop.folder)
    }

    @Test("the name in messages is beside the configuration's as it was written")
    func name() {
        for (configuration, name) in [
            ("config.yaml", "plugins.lock"), ("/etc/grantor/config.yaml", "/etc/grantor/plugins.lock"),
            ("../a.yaml", "../plugins.lock"), ("/a.yaml", "/plugins.lock"),
        ] { #expect(PluginLockFile(in: "/x", beside: configuration).name == name) }
    }

    @Test("a lock is written and read, and nothing else is left in the folder")
    func written() throws {
        try Workshop.with { workshop in
            #expect(try file(workshop).read() == nil)
            try file(workshop).write(Self.lock)
            #expect(try file(workshop).read() == Self.lock)
            try file(workshop).write(PluginLock([]))
            #expect(try file(workshop).read()?.entries.isEmpty == true)
            #expect(try names(workshop) == ["plugins.lock"])
        }
    }

    @Test("the file keeps its permissions")
    func permissions() throws {
        try Workshop.with { workshop in
            try write("", workshop)
            chmod("\(workshop.folder)/plugins.lock", 0o640)
            try file(workshop).write(Self.lock)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(workshop.folder)/plugins.lock")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o640)
        }
    }

    @Test("a reader never sees half of a file while others write")
    func atOnce() throws {
        try Workshop.with { workshop in
            let file = file(workshop)
            let large = PluginLock(
                (0..<300).map { PluginLock.Entry(id: "p\($0)", version: "1", kit: "0.2", sha256: digests.ones) })
            try file.write(Self.lock)
            DispatchQueue.concurrentPerform(iterations: 8) { number in
                for _ in 0..<10 {
                    if number % 2 == 0 { try? file.write(number % 4 == 0 ? large : Self.lock) }
                    let read = try? file.read()
                    #expect(read == large || read == Self.lock)
                }
            }
            #expect(try names(workshop) == ["plugins.lock"])
        }
    }

    @Test("a link is followed by a reader, and not replaced by a writer")
    func link() throws {
        try Workshop.with { workshop in
            let (path, other) = ("\(workshop.folder)/plugins.lock", "\(workshop.folder)/other.lock")
            try Self.lock.text.write(toFile: other, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: other)
            #expect(try file(workshop).read() == Self.lock)
            let error = #expect(throws: PluginLoadingError.self) { try file(workshop).write(PluginLock([])) }
            #expect(error?.message == "plugins.lock is a symbolic link, which would be replaced")
            #expect(try String(contentsOfFile: other, encoding: .utf8) == Self.lock.text)
            #expect(try names(workshop).sorted() == ["other.lock", "plugins.lock"])
        }
    }

    @Test("a folder, a pipe and an endless device in the file's place are refused without waiting")
    func notRegular() throws {
        for make in [
            { mkdir($0, 0o755) == 0 }, { mkfifo($0, 0o644) == 0 }, { symlink("/dev/zero", $0) == 0 },
        ] as [(String) -> Bool] {
            try Workshop.with { workshop in
                try #require(make("\(workshop.folder)/plugins.lock"))
                let error = #expect(throws: PluginLoadingError.self) { try file(workshop).read() }
                #expect(error?.message == "plugins.lock is not a regular file")
            }
        }
    }

    @Test("a file that cannot be read, or written, says why")
    func unreadable() throws {
        guard geteuid() != 0 else { return }
        try Workshop.with { workshop in
            try file(workshop).write(Self.lock)
            chmod("\(workshop.folder)/plugins.lock", 0)
            let read = #expect(throws: PluginLoadingError.self) { try file(workshop).read() }
            #expect(read?.description == "plugins.lock cannot be read (Permission denied)")
            chmod(workshop.folder, 0o555)
            let written = #expect(throws: PluginLoadingError.self) { try file(workshop).write(Self.lock) }
            #expect(written?.description == "plugins.lock cannot be written (Permission denied)")
            chmod(workshop.folder, 0o755)
        }
    }

    @Test("a lock that its descriptions would make too large is written without them")
    func tooManyDescriptions() throws {
        try Workshop.with { workshop in
            let form: JSON = ["summary": .string(String(repeating: "a", count: 30_000))]
            let entries = (0..<40).map { number in
                PluginLock.Entry(
                    id: "p\(number)", version: "1", kit: "c 1", sha256: digests.zeros,
                    description: PluginLock.Description(input: digests.ones, form: form))
            }
            try file(workshop).write(PluginLock(entries))
            let read = try file(workshop).read()
            #expect(read?.entries.count == 40 && read?.entries.allSatisfy { $0.description == nil } == true)
            try file(workshop).write(PluginLock(Array(entries.prefix(20))))
            #expect(try file(workshop).read()?.entries.allSatisfy { $0.description != nil } == true)
        }
    }

    @Test("a file of more than a mebibyte is refused, however large it is")
    func large() throws {
        try Workshop.with { workshop in
            let mebibyte = Self.lock.text + String(repeating: "#", count: (1 << 20) - Self.lock.text.utf8.count)
            try write(mebibyte, workshop)
            #expect(try file(workshop).read() == Self.lock)
            try write(mebibyte + "#", workshop)
            let error = #expect(throws: PluginLoadingError.self) { try file(workshop).read() }
            #expect(error?.message == "plugins.lock is larger than 1 MiB")
            #expect(truncate("\(workshop.folder)/plugins.lock", 1 << 36) == 0)
            #expect(throws: PluginLoadingError.self) { try file(workshop).read() }
        }
    }
}

@Suite("A library that is not the locked one is refused before any of its code runs", .timeLimit(.minutes(10)))
struct LockDifferencesTests {
    /// Code that runs as soon as the library is loaded.
    private static let bomb = "__attribute__((constructor)) static void run(void) { __builtin_trap(); }"

    private func locked(_ sha256: String, kit: String = "0.2") throws -> PluginLock.Entry {
        let text = "format = 1\n[test]\nversion = \"1\"\nkit = \"\(kit)\"\nsha256 = \"\(sha256)\"\n"
        return try #require(try PluginLock.parse(text)["test"])
    }

    private func load(_ workshop: Workshop, _ locked: PluginLock.Entry, pinned: String? = nil) throws {
        _ = try PluginLibrary.load(
            "test", library: nil, pinned: pinned, locked: locked, search: PluginSearch([workshop.folder]),
            sha256: Digest.sha256)
    }

    private func differences(
        _ workshop: Workshop, _ locked: PluginLock.Entry, pinned: String? = nil
    ) -> [PluginLoadingError] {
        let error = #expect(throws: LockDifferences.self) { try load(workshop, locked, pinned: pinned) }
        return error?.all ?? []
    }

    @Test("another digest and another kit are two differences")
    func both() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(rest: Self.bomb))
            let digest = try PluginLibrary.digest(of: path, sha256: Digest.sha256)
            let found = differences(workshop, try locked(digests.zeros, kit: "0.1"))
            #expect(
                found.map(\.message) == [
                    "the library \(path) has the digest \(digest), but plugins.lock:2 has \(digests.zeros)",
                    "the library \(path) was built with kit 0.2, but plugins.lock:2 has kit 0.1",
                ])
            for difference in found { #expect(difference.note == LockDifferences.remedy) }
            #expect(differences(workshop, try locked(digest, kit: "0.1")).count == 1)
        }
    }

    @Test("one byte at the end of the file is another digest")
    func appended() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(rest: Self.bomb))
            let digest = try PluginLibrary.digest(of: path, sha256: Digest.sha256)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try (bytes + Data([0])).write(to: URL(fileURLWithPath: path))
            #expect(differences(workshop, try locked(digest)).count == 1)
        }
    }

    @Test("a file that is no library any more differs in its digest only")
    func noLibrary() throws {
        try Workshop.with { workshop in
            let path = "\(workshop.folder)/libtest.so"
            try "nothing".write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o755)
            #expect(differences(workshop, try locked(digests.zeros, kit: "0.1")).count == 1)
        }
    }

    @Test("a library that the lock has is loaded")
    func same() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(rest: "void *test_plugin_make(void) { return 0; }"))
            let digest = try PluginLibrary.digest(of: path, sha256: Digest.sha256)
            let error = #expect(throws: PluginLoadingError.self) {
                try load(workshop, try locked(digest), pinned: digest)
            }
            #expect(error?.message == "plugin 'test' returned nothing from its make function")
        }
    }

    @Test("if the configuration pins another digest than the lock has, the message has both and the library's")
    func pinned() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(rest: Self.bomb))
            let digest = try PluginLibrary.digest(of: path, sha256: Digest.sha256)
            for (pin, lock, note) in [
                (digest, digests.ones, LockDifferences.remedy),
                (digests.ones, digest, "correct 'sha256', or remove it"),
                (digests.zeros, digests.ones, "find out who changed the library before you change 'sha256'"),
            ] {
                let found = differences(workshop, try locked(lock), pinned: pin)
                let said = "the configuration pins the digest \(pin), but plugins.lock:2 has \(lock)"
                #expect(found.map(\.message) == ["\(said), and the library \(path) has \(digest)"])
                #expect(found.first?.note?.hasPrefix(note) == true)
            }
            let found = differences(workshop, try locked(digests.ones), pinned: digests.ones)
            #expect(found.count == 1 && found[0].note?.contains("'sha256'") == true)
        }
    }

    @Test("a plugin with another version than the lock")
    func version() throws {
        let entry = try locked(digests.zeros)
        try LockDifferences.check(version: "1", entry)
        let error = #expect(throws: LockDifferences.self) { try LockDifferences.check(version: "1.0", entry) }
        #expect(error?.all.map(\.message) == ["the plugin 'test' has the version 1.0, but plugins.lock:2 has 1"])
    }
}
