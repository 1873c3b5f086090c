// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import Glibc
import Testing

@testable import PluginLoading

/// A folder of libraries that a test compiles from a few lines of C.
struct Workshop {
    let folder: String

    init() throws {
        folder = "/tmp/grantor-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o755)
    }

    func close() { try? FileManager.default.removeItem(atPath: folder) }

    static func with<Value>(_ body: (Workshop) throws -> Value) throws -> Value {
        let workshop = try Workshop()
        defer { workshop.close() }
        return try body(workshop)
    }

    /// The block as C source, with the changes of a case.
    static func block(
        magic: String = "GRANTOR", size: Int = 136, major: UInt32? = nil, minor: UInt32? = nil, compiler: String? = nil,
        swift: UInt32 = 0, section: String = "grantor_abi", rest: String = ""
    ) -> String {
        let server = ABIBlock.server
        return """
            #include <stdint.h>
            struct abi { char magic[8]; uint32_t size, major, minor, swift; char compiler[112]; };
            static const struct abi block __attribute__((used, section("\(section)"))) = {
                "\(magic)", \(size), \(major ?? server?.major ?? 0), \(minor ?? server?.minor ?? 0), \(swift),
                "\(compiler ?? server?.compiler ?? "")" };
            const void *test_plugin_abi(void) { return &block; }
            \(rest)
            """
    }

    @discardableResult
    func compile(_ source: String, name: String = "libtest.so") throws -> String {
        let path = "\(folder)/\(name)"
        try source.write(toFile: path + ".c", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/gcc")
        process.arguments = ["-shared", "-fPIC", "-o", path, path + ".c"]
        try process.run()
        process.waitUntilExit()
        chmod(path, 0o755)
        return path
    }

    func load(_ id: String = "test", library: String? = nil, pinned: String? = nil) throws -> PluginLibrary {
        try PluginLibrary.load(
            id, library: library, pinned: pinned, search: PluginSearch([folder]), sha256: Digest.sha256)
    }

    /// The error of loading; nil if it worked.
    func refusal(_ id: String = "test", library: String? = nil, pinned: String? = nil) -> String? {
        do {
            _ = try load(id, library: library, pinned: pinned)
            return nil
        } catch {
            return "\(error)"
        }
    }
}

@Suite("A library proves that it fits before any of its code runs", .timeLimit(.minutes(10)))
struct HandshakeTests {
    /// Code that runs as soon as the library is loaded, which must not happen if it is refused.
    private static let bomb = "__attribute__((constructor)) static void run(void) { __builtin_trap(); }"

    @Test("the server knows its own handshake")
    func own() throws {
        let server = try #require(ABIBlock.server)
        #expect(server.size == 136 && server.major == 0 && server.compiler.contains("Clang"))
        #expect(server.toolchain.hasPrefix("Swift 6."))
    }

    @Test("the error for a missing library lists those that exist")
    func missing() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(), name: "libother.so")
            let refusal = workshop.refusal()
            #expect(refusal == "the plugin 'test' is not installed: no libtest.so in \(workshop.folder) (found: other)")
        }
    }

    @Test("a folder of the search path that does not exist")
    func noFolder() {
        let folder = "/tmp/grantor-\(UUID().uuidString)"
        let refusal = #expect(throws: PluginLoadingError.self) { try PluginSearch([folder]).find("test", library: nil) }
        #expect(refusal?.message.hasSuffix("no libtest.so in \(folder) (no such folder)") == true)
    }

    @Test("a static library, with the name of the shared one or with its own", arguments: ["!<arch>\n", "!<thin>\n"])
    func staticLibrary(_ start: String) throws {
        try Workshop.with { workshop in
            let remedy = "give the product in its Package.swift 'type: .dynamic', and build it again"
            let path = "\(workshop.folder)/libtest"
            try start.write(toFile: "\(path).a", atomically: true, encoding: .utf8)
            #expect(workshop.refusal()?.hasSuffix("(\(path).a is a static library: \(remedy))") == true)
            try start.write(toFile: "\(path).so", atomically: true, encoding: .utf8)
            #expect(workshop.refusal() == "\(path).so is a static library, not a shared one (\(remedy))")
            #expect(workshop.refusal(library: "\(path).a")?.hasPrefix("\(path).a is a static library, not a") == true)
        }
    }

    @Test("a package whose product was not built as a library leaves only the kit")
    func onlyTheKit() throws {
        try Workshop.with { workshop in
            try workshop.compile("int kit;", name: "libGrantKit.so")
            let refusal = workshop.refusal() ?? ""
            #expect(refusal.contains("\(workshop.folder) has the kit but no plugin: give the product"), "\(refusal)")
            try workshop.compile(Workshop.block(), name: "libother.so")
            #expect(workshop.refusal()?.hasSuffix("(found: other)") == true)
        }
    }

    @Test("a library that is not named after its plugin", arguments: ["libTest.so", "test_1.so", "libtest-plugin.so"])
    func misnamed(_ name: String) throws {
        try Workshop.with { workshop in
            let make = "\(HandshakeTests.bomb) void *test_plugin_make(void) { return 0; }"
            let path = try workshop.compile(Workshop.block(rest: make), name: name)
            #expect(
                workshop.refusal()?.hasSuffix(
                    "(\(path) is this plugin: rename it to libtest.so, and the product in its Package.swift to 'test')")
                    == true)
        }
    }

    @Test(
        "a file that is not a library",
        arguments: ["", "this is a string", "\u{7F}ELF", String(repeating: "\u{7F}ELF\u{2}\u{1}", count: 40)])
    func noLibrary(_ text: String) throws {
        try Workshop.with { workshop in
            let path = "\(workshop.folder)/libtest.so"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(
                workshop.refusal() == "\(path) is not a shared library for this machine (expected a 64-bit ELF file)")
        }
    }

    @Test("a library without the section")
    func noSection() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(section: "other", rest: HandshakeTests.bomb))
            let note = "its function <id>_plugin_abi is missing, or does not call grantor_plugin_abi()"
            #expect(workshop.refusal() == "\(path) is not a plugin: it has no section 'grantor_abi' (\(note))")
        }
    }

    @Test("a section with another magic number")
    func magic() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(magic: "NGINX", rest: HandshakeTests.bomb))
            #expect(workshop.refusal() == "\(path) is not a plugin: its section 'grantor_abi' has an unknown format")
        }
    }

    @Test("a handshake of another size")
    func size() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(size: 64, rest: HandshakeTests.bomb))
            #expect(
                workshop.refusal()
                    == "plugin 'test' has a handshake of 64 bytes, but this server expects 136 (rebuild the plugin with kit 0.2)"
            )
        }
    }

    @Test("another major version of the kit")
    func major() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(major: 1, rest: HandshakeTests.bomb))
            #expect(
                workshop.refusal()
                    == "plugin 'test' was built with kit 1.2, but this server has 0.2 (use a build of the plugin for kit 0.2, or rebuild it with this server's Sources/GrantKit)"
            )
        }
    }

    @Test(
        "the major version is the same and the minor version is not newer, from kit 0.2 on",
        arguments: [
            ("1.0", "1.3", nil), ("1.3", "1.3", nil), ("1.4", "1.3", "needs kit 1.4 or newer, but this server has 1.3"),
            ("2.0", "1.3", "was built with kit 2.0, but this server has 1.3"),
            ("0.3", "1.3", "was built with kit 0.3, but this server has 1.3"),
            ("0.2", "0.2", nil), ("0.2", "0.3", nil), ("0.3", "0.3", nil),
            ("0.3", "0.2", "needs kit 0.3 or newer, but this server has 0.2"),
            ("1.0", "0.3", "was built with kit 1.0, but this server has 0.3"),
            ("0.1", "0.3", "was built with kit 0.1, but this server has 0.3"),
            ("0.0", "0.2", "was built with kit 0.0, but this server has 0.2"),
        ] as [(String, String, String?)])
    func versions(_ plugin: String, _ server: String, _ text: String?) {
        func block(_ version: String) -> ABIBlock {
            let numbers = version.split(separator: ".").compactMap { UInt32($0) }
            return ABIBlock(size: 136, major: numbers[0], minor: numbers[1], compiler: "one")
        }
        do {
            try block(plugin).check(against: block(server), id: "test")
            #expect(text == nil)
        } catch {
            #expect(text.map { "\(error)".contains($0) } == true, "\(error)")
        }
    }

    @Test("a newer minor version of the kit")
    func minor() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(minor: 9, rest: HandshakeTests.bomb))
            #expect(
                workshop.refusal()
                    == "plugin 'test' needs kit 0.9 or newer, but this server has 0.2 (update the server, or use an older build of the plugin)"
            )
        }
    }

    @Test("a different toolchain")
    func toolchain() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(compiler: "Clang 20", swift: 60_200, rest: HandshakeTests.bomb))
            let refusal = workshop.refusal() ?? ""
            #expect(refusal.hasPrefix("plugin 'test' was built by the toolchain 'Swift 6.2', but this server by '"))
            #expect(refusal.hasSuffix("(rebuild the plugin with the server's toolchain)"))
        }
    }

    @Test("a library that another language's compiler built")
    func otherLanguage() throws {
        try Workshop.with { workshop in
            let server = try #require(ABIBlock.server)
            try workshop.compile(Workshop.block(compiler: "gcc 12", rest: HandshakeTests.bomb))
            let note = "write its two functions in Swift, and build it with the server's toolchain"
            #expect(
                workshop.refusal()
                    == "plugin 'test' was not built by Swift, but by 'gcc 12'; this server needs '\(server.toolchain)' (\(note))"
            )
        }
    }

    @Test("a different toolchain is called by the version of Swift, or by what differs if that is the same")
    func swiftVersion() throws {
        try Workshop.with { workshop in
            let server = try #require(ABIBlock.server)
            try workshop.compile(Workshop.block(compiler: "Clang 20", swift: 60_200, rest: HandshakeTests.bomb))
            #expect(workshop.refusal()?.contains("'Swift 6.2', but this server by '\(server.toolchain)'") == true)
            try workshop.compile(
                Workshop.block(compiler: "Clang 20", swift: server.swiftVersion, rest: HandshakeTests.bomb))
            #expect(workshop.refusal()?.contains("'Clang 20', but this server by '\(server.compiler)'") == true)
        }
    }

    @Test(
        "a language mode before 6 does not say which compiler it was",
        arguments: [
            (60_301, "Swift 6.3.1"), (60_300, "Swift 6.3"), (61_002, "Swift 6.10.2"), (51_000, "Clang 21"),
            (0, "Clang 21"),
        ] as [(UInt32, String)])
    func toolchainName(_ version: UInt32, _ name: String) {
        let block = ABIBlock(size: 136, major: 0, minor: 1, compiler: "Clang 21", swiftVersion: version)
        #expect(block.toolchain == name)
    }

    @Test("a function that the server lacks is found while loading")
    func undefined() throws {
        try Workshop.with { workshop in
            try workshop.compile(
                Workshop.block(
                    rest: "void from_the_future(void); void *test_plugin_make(void) { from_the_future(); return 0; }"))
            #expect(workshop.refusal()?.contains("plugin 'test' cannot be loaded:") == true)
            #expect(workshop.refusal()?.contains("undefined symbol: from_the_future") == true)
        }
    }

    @Test("a library with another id")
    func otherFunctions() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(), name: "libother-name.so")
            #expect(
                workshop.refusal("other-name")?.hasPrefix(
                    "\(path) is not the plugin 'other-name': it has no function 'other_name_plugin_make'") == true)
            try workshop.compile(
                Workshop.block(rest: "void *a_test_plugin_make(void) { return 0; }"), name: "libnew-name.so")
            #expect(
                workshop.refusal("new-name")?.hasSuffix(
                    "(its functions are named after 'a-test': use that id, or rename them)") == true)
        }
    }

    @Test("a plugin whose make function returns nothing")
    func nothing() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(rest: "void *test_plugin_make(void) { return 0; }"))
            let note = "'test_plugin_make' must return what PluginExport.make returns"
            #expect(workshop.refusal() == "plugin 'test' returned nothing from its make function (\(note))")
        }
    }

    @Test("a digest that is not the pinned one")
    func digest() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(rest: HandshakeTests.bomb))
            let digest = try PluginLibrary.digest(of: path, sha256: Digest.sha256)
            let pinned = String(repeating: "0", count: 64)
            #expect(
                workshop.refusal(pinned: pinned)?.hasPrefix(
                    "the library \(path) has the digest \(digest), but the configuration pins \(pinned)") == true)
        }
    }

    @Test("a truncated library is refused at every length")
    func truncated() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(rest: HandshakeTests.bomb))
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            for length in stride(from: 0, to: whole.count - 1, by: 61) {
                try whole.prefix(length).write(to: URL(fileURLWithPath: path))
                #expect(workshop.refusal() != nil)
            }
        }
    }

    @Test("flipped bytes of the ELF tables never trap and never load", arguments: 0..<16)
    func fuzzed(_ seed: Int) throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block(major: 7, rest: HandshakeTests.bomb))
            let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            for round in 0..<60 {
                var bytes = whole
                let table = Int(bytes[40]) | Int(bytes[41]) << 8 | Int(bytes[42]) << 16
                for step in 0..<4 {
                    let place =
                        round % 2 == 0
                        ? (seed * 131 + round * 17 + step * 7) % 64
                        : table + (seed * 977 + round * 53 + step * 11) % (whole.count - table)
                    bytes[place] = UInt8(truncatingIfNeeded: seed &* 37 &+ round &* 101 &+ step &* 59)
                }
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                #expect(workshop.refusal() != nil)
            }
        }
    }
}

@Suite("A library is used only if no other user could have put it there", .timeLimit(.minutes(10)))
struct OwnershipTests {
    @Test("a file that other users can change")
    func file() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block())
            chmod(path, 0o757)
            #expect(workshop.refusal() == "the library \(path) can be changed by other users (run: chmod go-w \(path))")
        }
    }

    @Test("a folder that other users can change")
    func folder() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block())
            chmod(workshop.folder, 0o757)
            #expect(
                workshop.refusal()
                    == "the folder \(workshop.folder) can be changed by other users (run: chmod go-w \(workshop.folder))"
            )
        }
    }

    @Test("a link out of the folder")
    func link() throws {
        try Workshop.with { workshop in
            try Workshop.with { other in
                let path = try other.compile(Workshop.block())
                try FileManager.default.createSymbolicLink(
                    atPath: "\(workshop.folder)/libtest.so", withDestinationPath: path)
                #expect(workshop.refusal()?.contains("is a link to \(path), which is outside its folder") == true)
            }
        }
    }

    @Test("a link within the folder is followed")
    func linkWithin() throws {
        try Workshop.with { workshop in
            try workshop.compile(Workshop.block(major: 9), name: "libtest.so.1")
            try FileManager.default.createSymbolicLink(
                atPath: "\(workshop.folder)/libtest.so", withDestinationPath: "libtest.so.1")
            #expect(workshop.refusal()?.hasPrefix("plugin 'test' was built with kit 9") == true)
        }
    }

    @Test("a folder in place of the library")
    func notRegular() throws {
        try Workshop.with { workshop in
            let path = "\(workshop.folder)/libtest.so"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(
                workshop.refusal()
                    == "\(path) is not a regular file (it is a folder; a plugin's library must be a file)")
        }
    }

    @Test("'library' names the folder of the library")
    func folderOfLibrary() throws {
        try Workshop.with { workshop in
            let library = try workshop.compile(Workshop.block())
            let refusal = workshop.refusal(library: workshop.folder)
            let note = "it is a folder; name the library in it: \(library)"
            #expect(refusal == "\(workshop.folder) is not a regular file (\(note))")
        }
    }

    @Test("a file of another user")
    func owner() throws {
        guard geteuid() == 0 else { return }
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block())
            chown(path, 12345, 0)
            #expect(workshop.refusal()?.hasPrefix("\(path) belongs to the user with the id 12345") == true)
        }
    }

    @Test("an absolute path is its own search path")
    func absolute() throws {
        try Workshop.with { workshop in
            try Workshop.with { other in
                let path = try other.compile(Workshop.block(major: 9), name: "whatever.so")
                #expect(workshop.refusal(library: path)?.hasPrefix("plugin 'test' was built with kit 9") == true)
            }
        }
    }
}
