// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A damaged or hostile copy is refused before anything is written", .timeLimit(.minutes(20)))
struct DamagedCopyTests {
    private static let lines = (1...3).map { Copied.record("user", "u\($0)") }

    /// A copy with one line in the middle that is not as it should be.
    private static func with(_ line: String) throws -> String {
        try Copied.file([lines[0], line, lines[2]])
    }

    private static func headed(_ name: String, _ value: String) throws -> String {
        try Copied.file(lines, header: [name: value])
    }

    private static func more(_ members: String) throws -> String {
        try with(Copied.record("user", "x", more: ",\(members)"))
    }

    private static func version(_ version: Int) throws -> String {
        try with(Copied.record("user", "x", version: version))
    }

    /// What is wrong, the copy, and what the message says.
    private static func cases() throws -> [(name: String, copy: String, message: String)] {
        let good = try Copied.file(lines)
        let rows = good.split(separator: "\n").map { "\($0)\n" }
        return [
            ("empty", "", "line 1: the file is empty"),
            ("another file", "SQLite format 3\n", "line 1: it is not JSON, so this is not a copy"),
            ("other JSON", "{\"a\":1}\n", "line 1: it is not a copy of a store"),
            ("a newer format", try headed("format", "2"), "it has format 2, and this version reads 1"),
            ("another issuer", try headed("issuer", "\"https://b\""), "is of the issuer https://b"),
            ("a backup", try Copied.file(lines, kind: "backup"), "is a backup; 'grantor store restore' loads it"),
            ("no end", rows.dropLast().joined(), "line 5: the copy ends without its last line, so it was cut off"),
            ("half a line", String(good.dropLast(100)), "it has no end, since the file was cut off"),
            ("a line is missing", (rows[..<2] + rows[3...]).joined(), "line 4: lines are missing before it"),
            (
                "lines were swapped", rows[0] + rows[2] + rows[1] + rows[3] + rows[4],
                "line 5: the lines before it were changed"
            ),
            ("a byte was changed", good.replacing("u2", with: "u4"), "line 5: the lines before it were changed"),
            ("two copies", good + good, "line 6: something follows the last line of the copy"),
            ("no JSON", try with("{\"collection\":"), "line 3: it is not JSON"),
            ("too deep", try with(Copied.record("user", "x", value: nested(80))), "line 3: it is not JSON"),
            ("no record", try with("{\"id\":\"a\"}"), "line 3: it is not a record"),
            ("a list", try with("[]"), "line 3: it is not a record"),
            ("version 0", try version(0), "line 3: its 'value' or 'version' is missing"),
            ("the highest version", try version(.max), "line 3: its 'value' or 'version'"),
            ("redeemed is 1", try more("\"redeemed\":1"), "line 3: its 'redeemed' is"),
            ("indexes", try more("\"indexes\":{\"a\":1}"), "line 3: an entry of its"),
            ("a newer member", try more("\"owner\":1"), "line 3: it has a member that"),
            ("a member twice", try more("\"version\":1"), "line 3: it "),
            (
                "a count of 0", try with("{\"collection\":\"c\",\"id\":\"\",\"count\":0,\"expires_at\":1}"),
                "line 3: its 'count' is wrong"
            ),
            (
                "unknown keys", try with(Copied.record("key_ring", "current", value: "{\"v\":9}")),
                "format that this server does not"
            ),
            ("a long line", try with(Copied.record("user", "x", value: long)), "line 3: it is longer than 16 MiB"),
        ]
    }

    private static let long = "\"\(String(repeating: "x", count: 17 << 20))\""

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test("the message says in which line, and the store stays empty")
    func refused() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            for (name, copy, message) in try Self.cases() {
                try folder.write("store.copy", copy)
                let ended = try Command.grantor("store", "import", "store.copy", in: folder)
                #expect(ended.status == 1 && ended.errors.contains(message), "\(name): \(ended.errors)")
                #expect(ended.errors.contains("store.copy'") || name == "unknown keys", "\(name): \(ended.errors)")
            }
            let status = try Command.grantor("store", "status", in: folder)
            #expect(status.output.contains("nothing is stored yet"), "\(status)")
        }
    }

    @Test("a record that is there twice ends the import, and the store is not used")
    func twice() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
            try folder.write("store.copy", try Copied.file([Self.lines[0], Self.lines[0]]))
            let ended = try Command.grantor("store", "import", "store.copy", in: folder)
            #expect(ended.status == 1 && ended.errors.contains("the lines 2 to 3 of"), "\(ended)")
            let listed = try Command.grantor("users", "list", in: folder)
            #expect(listed.status == 1 && listed.errors.contains("holds only a part of a copy"), "\(listed)")
        }
    }

    // MARK: sealed

    private static func seal(_ folder: Folder) throws {
        try folder.write("config.yaml", Copied.yaml(Copied.sqlite()))
        try folder.write("pass", "correct horse battery\n")
        chmod("\(folder.path)/pass", 0o600)
        let many = (0..<3000).map { Copied.record("user", "user-\($0)") }
        try folder.write("plain.copy", try Copied.file(many))
        #expect(try Command.grantor("store", "import", "plain.copy", in: folder).status == 0)
        let sealed = try Command.grantor("store", "export", "sealed.copy", "--passphrase-file", "pass", in: folder)
        #expect(sealed.status == 0, "\(sealed)")
        try folder.write("config.yaml", Copied.yaml(Copied.sqlite("next.db")))
    }

    private static func open(_ name: String, _ folder: Folder, _ passphrase: String? = "correct horse battery") throws
        -> Ended
    {
        let options = passphrase == nil ? [] : ["--passphrase-env", "PASS"]
        return try Command.run(
            Build.program, ["store", "import", name] + options, in: folder,
            environment: ["PASS": passphrase ?? ""])
    }

    @Test("a sealed copy shows nothing, opens with its passphrase only, and no part of it can be changed or cut off")
    func sealed() async throws {
        try await Folder.with { folder in
            try Self.seal(folder)
            let bytes = [UInt8](try #require(FileManager.default.contents(atPath: "\(folder.path)/sealed.copy")))
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("age-encryption.org/v1\n-> scrypt "))
            #expect(!String(decoding: bytes, as: UTF8.self).contains("user-"))
            #expect(try Self.open("sealed.copy", folder, nil).errors.contains("is sealed; name its passphrase"))
            let wrong = try Self.open("sealed.copy", folder, "another passphrase")
            #expect(wrong.errors.contains("the passphrase is not the one that it was sealed with"), "\(wrong)")
            #expect(try Self.open("plain.copy", folder).errors.contains("is not sealed, so it is not the copy"))
            let start = try #require(bytes.lastIndex(of: UInt8(ascii: "\n"), in: 0..<300)) + 17
            let chunk = (64 << 10) + 16
            for length in [0, 10, start - 20, start, start + 1, start + chunk, start + 2 * chunk, bytes.count - 1] {
                try Data(bytes[..<length]).write(to: URL(fileURLWithPath: "\(folder.path)/cut"))
                let ended = try Self.open("cut", folder)
                #expect(ended.status == 1, "\(length): \(ended)")
            }
            for place in [25, 60, 120, start - 5, start + 5, start + chunk + 100, bytes.count - 3] {
                var changed = bytes
                changed[place] ^= 1
                try Data(changed).write(to: URL(fileURLWithPath: "\(folder.path)/changed"))
                let ended = try Self.open("changed", folder)
                #expect(ended.status == 1, "\(place): \(ended)")
            }
            let swapped =
                bytes[..<start] + bytes[(start + chunk)..<(start + 2 * chunk)] + bytes[start..<(start + chunk)]
                + bytes[(start + 2 * chunk)...]
            try Data(swapped).write(to: URL(fileURLWithPath: "\(folder.path)/swapped"))
            #expect(try Self.open("swapped", folder).errors.contains("cannot be opened after line"))
            #expect(try Command.grantor("store", "status", in: folder).output.contains("nothing is stored yet"))
            #expect(try Self.open("sealed.copy", folder).output == "imported 3000 records and counters\n")
        }
    }

    @Test("a header that asks for gigabytes of memory is refused, and so is a short passphrase")
    func costs() async throws {
        try await Folder.with { folder in
            try Self.seal(folder)
            let bytes = [UInt8](try #require(FileManager.default.contents(atPath: "\(folder.path)/sealed.copy")))
            let text = String(decoding: bytes.prefix(80), as: UTF8.self)
            let costly = text.replacing(" 17\n", with: " 30\n")
            try Data(Array(costly.utf8) + bytes[80...]).write(to: URL(fileURLWithPath: "\(folder.path)/costly"))
            #expect(try Self.open("costly", folder).errors.contains("more than 256 MiB"))
            let short = try Command.run(
                Build.program, ["store", "export", "x", "--passphrase-env", "PASS"], in: folder,
                environment: ["PASS": "short"])
            #expect(short.status == 1 && short.errors.contains("shorter than 12 bytes"), "\(short)")
        }
    }
}

extension [UInt8] {
    /// The place of the last line end in the header of a sealed file.
    fileprivate func lastIndex(of byte: UInt8, in places: Range<Int>) -> Int? {
        // The header has four lines, and what follows them is binary.
        var (found, lines): (Int?, Int) = (nil, 0)
        for place in places where self[place] == byte && lines < 4 { (found, lines) = (place, lines + 1) }
        return found
    }
}
