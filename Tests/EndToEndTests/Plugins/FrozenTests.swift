// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import PluginLoading
import Support
import Testing

/// A folder with a configuration and with a copy of one of its libraries, which a test can change.
private struct Site {
    let folder: Folder

    var library: String { "\(folder.path)/plugins/libopaque-token.so" }
    var lock: String { folder.read("plugins.lock") }

    static func with<Value>(_ body: (Site) async throws -> Value) async throws -> Value {
        try await Folder.with { folder in
            let site = Site(folder: folder)
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/plugins", withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: "\(Build.products)/libopaque-token.so", toPath: site.library)
            chmod(site.library, 0o755)
            try site.configure()
            return try await body(site)
        }
    }

    /// Writes the configuration; the entry names the copied library.
    func configure(_ entry: String = "  - opaque-token\n", more: String = "") throws {
        try folder.write(
            "config.yaml",
            Configurations.yaml(more: "plugin_path: plugins\n" + more).replacing("  - opaque-token\n", with: entry))
    }

    /// Replaces the copy by one with another byte at its end, which loads all the same.
    func changeLibrary() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: library))
        // Not in place, since a program may have mapped the file.
        try (bytes + Data([0])).write(to: URL(fileURLWithPath: library), options: .atomic)
        chmod(library, 0o755)
    }

    func digest() throws -> String { try PluginLibrary.digest(of: library, sha256: Digest.sha256) }

    func edit(_ old: String, _ new: String) throws {
        #expect(lock.contains(old), "\(old)")
        try folder.write("plugins.lock", lock.replacing(old, with: new))
    }

    func makeLock() throws {
        let ended = try Command.grantor("plugins", "lock", in: folder)
        try #require(ended.status == 0, "\(ended)")
    }

    func check() throws -> Ended { try Command.grantor("check", "--frozen", in: folder) }
}

@Suite(
    "'grantor plugins lock' records libraries, and '--frozen' loads no others", .serialized, .timeLimit(.minutes(10)))
struct FrozenTests {
    // MARK: the command

    @Test("every library is recorded with its digest, and a second run changes nothing")
    func lock() async throws {
        try await Site.with { site in
            let made = try Command.grantor("plugins", "lock", in: site.folder)
            #expect(made.status == 0 && made.errors.isEmpty, "\(made)")
            let ids = [
                "client-credentials", "introspection", "jwt-token", "opaque-token", "refresh-token", "sqlite-store",
            ]
            #expect(site.lock.matches(of: /\n\[([a-z-]+)\]\n/).map { String($0.1) } == ids)
            for id in ids { #expect(made.output.contains("added    \(id) ")) }
            #expect(made.output.hasSuffix("plugins.lock: written, 6 plugins\n"), "\(made.output)")
            #expect(site.lock.hasPrefix("# ") && site.lock.hasSuffix("\"\n"))
            let summed = try Command.shell("sha256sum plugins/libopaque-token.so | cut -d' ' -f1", in: site.folder)
            let digest = summed.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let entry = "[opaque-token]\nversion = \"1.0.0\"\nkit = \"0.2\"\nsha256 = \"\(digest)\"\n"
            #expect(digest.count == 64 && site.lock.contains(entry), "\(site.lock)")

            let before = try inode(site)
            let again = try Command.grantor("plugins", "lock", in: site.folder)
            #expect(again.output == "plugins.lock: nothing has changed, 6 plugins\n" && again.status == 0, "\(again)")
            let after = try inode(site)
            #expect(before == after)
            let names = try FileManager.default.contentsOfDirectory(atPath: site.folder.path)
            #expect(!names.contains { $0.hasPrefix(".plugins.lock") })
        }
    }

    private func inode(_ site: Site) throws -> UInt64? {
        let path = "\(site.folder.path)/plugins.lock"
        return (try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber)?.uint64Value
    }

    @Test("the lock is beside the configuration, wherever the command runs")
    func beside() async throws {
        try await Site.with { site in
            let arguments = ["plugins", "lock", "--config", "\(site.folder.path)/config.yaml"]
            let made = try Command.run(Build.program, arguments, in: site.folder, at: "/")
            #expect(made.output.hasSuffix("\(site.folder.path)/plugins.lock: written, 6 plugins\n"), "\(made)")
            let ended = try site.check()
            #expect(ended.status == 0, "\(ended)")
        }
    }

    @Test("what was added, removed and changed is printed, and '--check' writes nothing and fails")
    func changes() async throws {
        try await Site.with { site in
            let none = try Command.grantor("plugins", "lock", "--check", in: site.folder)
            #expect(none.status == 1, "\(none)")
            #expect(none.output.contains("added    opaque-token 1.0.0, kit 0.2, sha256 "), "\(none)")
            #expect(site.lock.isEmpty)
            try site.makeLock()
            let (former, text) = (try site.digest(), site.lock)
            let same = try Command.grantor("plugins", "lock", "--check", in: site.folder)
            #expect(same.status == 0, "\(same)")

            try site.changeLibrary()
            try site.configure("  - opaque-token\n  - revocation\n")
            let configured = site.folder.read("config.yaml").replacing("  - introspection\n", with: "")
            try site.folder.write("config.yaml", configured)
            let checked = try Command.grantor("plugins", "lock", "--check", in: site.folder)
            #expect(checked.status == 1 && checked.errors.contains("after you have checked the update"), "\(checked)")
            #expect(site.lock == text)
            let made = try Command.grantor("plugins", "lock", in: site.folder)
            let digest = try site.digest()
            let change = "changed  opaque-token: sha256 \(former.prefix(12)) to \(digest.prefix(12))\n"
            for output in [checked.output, made.output] {
                #expect(output.contains(change) && output.contains("added    revocation "), "\(output)")
                #expect(output.contains("removed  introspection ") && !output.contains("jwt-token"), "\(output)")
            }
            let ended = try site.check()
            #expect(ended.status == 0 && site.lock.contains(digest) && !site.lock.contains(former), "\(ended)")
        }
    }

    @Test("a library that cannot be loaded is reported at its entry, and nothing is written")
    func notLoaded() async throws {
        try await Site.with { site in
            let digest = try site.digest()
            for (entry, said) in [
                ("  - opaque-tokens\n", "the plugin 'opaque-tokens' is not installed"),
                (
                    "  - { plugin: opaque-token, sha256: \"\(String(repeating: "0", count: 64))\" }\n",
                    "has the digest \(digest), but the configuration pins 0000"
                ),
            ] {
                try site.configure(entry)
                let ended = try Command.grantor("plugins", "lock", in: site.folder)
                #expect(ended.status == 78 && ended.errors.contains("config.yaml:7:5: error: "), "\(ended)")
                #expect(ended.errors.contains(said) && site.lock.isEmpty, "\(ended)")
            }
        }
    }

    @Test("a file that is not a lock is neither followed nor overwritten")
    func notALock() async throws {
        try await Site.with { site in
            try site.makeLock()
            let conflict = "<<<<<<< HEAD\n" + site.lock
            for text in [conflict, site.lock + site.lock, "\u{0}", String(repeating: "#", count: 2_000_000)] {
                try site.folder.write("plugins.lock", text)
                let made = try Command.grantor("plugins", "lock", in: site.folder)
                #expect(made.status == 1 && made.errors.contains("Error: plugins.lock"), "\(made)")
                #expect(site.lock == text)
                let ended = try site.check()
                #expect(ended.status == 78 && ended.errors.contains("error: plugins.lock"), "\(ended)")
            }
        }
    }

    @Test("many locks at once leave one whole file")
    func atOnce() async throws {
        try await Site.with { site in
            let folder = site.folder
            let all = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await onThread { try Command.grantor("plugins", "lock", in: folder).status }
                    }
                }
                return try await group.reduce(into: [Int32]()) { $0.append($1) }
            }
            #expect(all == [Int32](repeating: 0, count: 8))
            let ended = try site.check()
            #expect(ended.status == 0, "\(ended)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!names.contains { $0.hasPrefix(".plugins.lock") })
        }
    }

    // MARK: check and start

    @Test("a library with one more byte is refused until the lock has its digest")
    func changedLibrary() async throws {
        try await Site.with { site in
            try site.makeLock()
            let former = try site.digest()
            try site.changeLibrary()
            let digest = try site.digest()
            for command in ["check", "serve"] {
                let ended = try Command.grantor(command, "--frozen", in: site.folder)
                let said = "the library \(site.library) has the digest \(digest), but plugins.lock:20 has \(former)"
                #expect(ended.status == 78 && ended.errors.contains(said), "\(ended)")
                #expect(ended.errors.contains("run 'grantor plugins lock' after you have checked the update"))
                // One difference is one message.
                #expect(ended.errors.components(separatedBy: "plugins.lock:").count == 2, "\(ended)")
            }
            let unfrozen = try Command.grantor("check", in: site.folder)
            #expect(unfrozen.status == 0, "\(unfrozen)")
            try site.makeLock()
            let program = try await Program.start(site.folder, options: ["--frozen"], secrets: [Configurations.secret])
            let answer = try program.token("service", Configurations.secret)
            #expect(answer.status == 200)
            #expect(program.stop() == 0)
        }
    }

    /// A plugin whose library leaves a file as soon as it is loaded.
    private static let source = """
        struct It: Plugin {
            static let manifest = PluginManifest(id: "it-marks", version: "7", summary: "", specification: "")
            init(settings: Settings, host: any PluginHost) throws {}
            func register(in registry: inout Registry) {}
        }
        """
    private static let constructor = """
        #include <stdlib.h>
        #include <fcntl.h>
        __attribute__((constructor)) static void mark(void) { open(getenv("MARK"), O_CREAT | O_WRONLY, 0600); }
        """

    @Test("no code of a library runs unless the lock has its digest")
    func noCode() async throws {
        try await Folder.with { folder in
            try folder.write("mark.c", Self.constructor)
            let compiled = try Command.shell("gcc -c -fPIC -o mark.o mark.c", in: folder)
            try #require(compiled.status == 0, "\(compiled)")
            let library = try Toolchain(folder: folder).build("it-marks", Self.source, objects: "mark.o")
            try folder.write(
                "config.yaml",
                "issuer: http://127.0.0.1:8080\nplugins:\n  - memory-store\n"
                    + "  - { plugin: it-marks, library: \(library) }\n")
            let mark = "\(folder.path)/mark"
            func runs(_ arguments: [String]) throws -> (ended: Ended, hasRun: Bool) {
                try? FileManager.default.removeItem(atPath: mark)
                let ended = try Command.run(Build.program, arguments, in: folder, environment: ["MARK": mark])
                return (ended, FileManager.default.fileExists(atPath: mark))
            }
            let locked = try runs(["plugins", "lock"])
            #expect(locked.ended.status == 0 && locked.hasRun, "\(locked.ended)")
            let accepted = try runs(["check", "--frozen"])
            #expect(accepted.ended.status == 0 && accepted.hasRun, "\(accepted.ended)")
            let text = folder.read("plugins.lock")
            let digest = try PluginLibrary.digest(of: library, sha256: Digest.sha256)
            for (old, new) in [
                (digest, String(repeating: "0", count: 64)), ("kit = \"0.2\"", "kit = \"0.1\""),
                ("[it-marks]", "[it-differs]"), ("format = 1", "format = 3"), ("version = \"7\"", "versions = \"7\""),
            ] {
                #expect(text.contains(old))
                try folder.write("plugins.lock", text.replacing(old, with: new))
                let refused = try runs(["check", "--frozen"])
                #expect(refused.ended.status == 78 && !refused.hasRun, "\(new): \(refused.ended)")
            }
            try folder.write("plugins.lock", text.replacing("version = \"7\"", with: "version = \"8\""))
            let refused = try runs(["check", "--frozen"])
            #expect(refused.ended.errors.contains("the plugin 'it-marks' has the version 7, but"), "\(refused.ended)")
            try FileManager.default.removeItem(atPath: "\(folder.path)/plugins.lock")
            let missing = try runs(["check", "--frozen"])
            #expect(missing.ended.status == 78 && !missing.hasRun, "\(missing.ended)")
        }
    }

    @Test("a pin and the lock have to agree, and the message has both")
    func pinned() async throws {
        try await Site.with { site in
            try site.makeLock()
            let digest = try site.digest()
            let other = String(repeating: "0", count: 64)
            func pin(_ digest: String) throws {
                try site.configure("  - { plugin: opaque-token, sha256: \"\(digest)\" }\n")
            }
            try pin(digest)
            let same = try site.check()
            #expect(same.status == 0, "\(same)")
            try pin(other)
            let wrong = try site.check()
            let pins = "the configuration pins the digest"
            #expect(wrong.errors.contains("\(pins) \(other), but plugins.lock:20 has \(digest)"), "\(wrong)")
            #expect(wrong.errors.contains("correct 'sha256', or remove it") && wrong.status == 78, "\(wrong)")
            try pin(digest)
            try site.edit(digest, other)
            let stale = try site.check()
            #expect(stale.errors.contains("\(pins) \(digest), but plugins.lock:20 has \(other)"), "\(stale)")
            #expect(stale.errors.contains("after you have checked the update") && stale.status == 78, "\(stale)")
        }
    }

    @Test("the line endings of Windows and a link to the lock are accepted")
    func lenient() async throws {
        try await Site.with { site in
            try site.makeLock()
            try site.folder.write("plugins.lock", site.lock.replacing("\n", with: "\r\n"))
            let moved = try Command.shell(
                "mv plugins.lock other.lock && ln -s other.lock plugins.lock", in: site.folder)
            #expect(moved.status == 0)
            let ended = try site.check()
            #expect(ended.status == 0, "\(ended)")
            let same = try Command.grantor("plugins", "lock", in: site.folder)
            #expect(same.status == 0 && same.output.contains("nothing has changed"), "\(same)")
            try site.changeLibrary()
            let refused = try Command.grantor("plugins", "lock", in: site.folder)
            #expect(refused.status == 1 && refused.errors.contains("plugins.lock is a symbolic link"), "\(refused)")
        }
    }

    // MARK: reload

    @Test("a reload reads the lock again, and a difference changes nothing")
    func reload() async throws {
        try await Site.with { site in
            try site.makeLock()
            let text = site.lock
            let program = try await Program.start(site.folder, options: ["--frozen"], secrets: [Configurations.secret])
            #expect(try await program.reload().contains("the configuration was reloaded"))

            func refuses(_ said: String, restart: Bool = false) async throws {
                let news = try await program.reload()
                #expect(news.contains("was not reloaded") && news.contains(said), "\(said): \(news)")
                #expect(news.contains("restart needed") == restart, "\(news)")
                #expect(try program.token("service", Configurations.secret).status == 200)
            }
            let (digest, other) = (try site.digest(), String(repeating: "0", count: 64))
            try site.edit(digest, other)
            try await refuses("has the digest \(digest), but plugins.lock:20 has \(other)")
            try site.folder.write("plugins.lock", text)
            try site.edit("version = \"1.0.0\"", "version = \"0.9\"")
            try await refuses("has the version 1.0.0, but plugins.lock:5 has 0.9")
            try site.folder.write("plugins.lock", "nonsense\n")
            try await refuses("plugins.lock:1: ")
            try FileManager.default.removeItem(atPath: "\(site.folder.path)/plugins.lock")
            try await refuses("there is no 'plugins.lock'")

            try site.folder.write("plugins.lock", text)
            try site.configure("  - opaque-token\n  - revocation\n")
            try await refuses("the plugin 'revocation' is not in 'plugins.lock'")
            try site.makeLock()
            #expect(try await program.reload().contains("the configuration was reloaded"))
            try site.configure()
            try await refuses("plugins.lock:30 has the plugin 'revocation', but the configuration does not list it")
            try site.makeLock()
            #expect(try await program.reload().contains("the configuration was reloaded"))
            #expect(program.stop() == 0)
        }
    }

    @Test("a reload never replaces code, even if the lock has the new library, and the next start loads it")
    func reloadOfChangedLibrary() async throws {
        try await Site.with { site in
            try site.makeLock()
            let former = try site.digest()
            let program = try await Program.start(site.folder, options: ["--frozen"], secrets: [Configurations.secret])
            try site.changeLibrary()
            // A restart would be refused too, so the message says both.
            let unlocked = try await program.reload()
            let digest = try site.digest()
            let said = "has the digest \(digest), but plugins.lock:20 has \(former)"
            #expect(unlocked.contains(said) && unlocked.contains("restart needed"), "\(unlocked)")
            try site.makeLock()
            let locked = try await program.reload()
            #expect(locked.contains("restart needed") && !locked.contains("plugins.lock"), "\(locked)")
            #expect(try program.token("service", Configurations.secret).status == 200)
            #expect(program.stop() == 0)
            let again = try await Program.start(site.folder, options: ["--frozen"], secrets: [Configurations.secret])
            #expect(again.stop() == 0)
        }
    }
}

@Suite("The diagnostics of '--frozen'", .timeLimit(.minutes(10)))
struct FrozenDiagnosticsTests {
    static let folder = "\(Build.root)/Tests/Fixtures/frozen"
    static let rules = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

    @Test("there is a golden file for each rule")
    func present() {
        #expect(FrozenDiagnosticsTests.rules.count >= 8)
    }

    /// The messages, with the place and the digest of a built library replaced.
    private func portable(_ errors: String) throws -> String {
        let library = "\(Build.products)/libopaque-token.so"
        let digest = try PluginLibrary.digest(of: library, sha256: Digest.sha256)
        return errors.replacing(Build.products, with: "<products>").replacing(digest, with: "<digest>")
    }

    @Test("the messages match the golden file", arguments: rules)
    func golden(_ rule: String) async throws {
        try await Folder.with { folder in
            let place = "\(FrozenDiagnosticsTests.folder)/\(rule)"
            let ended = try Command.run(Build.program, ["check", "--frozen"], in: folder, at: place)
            let errors = try portable(ended.errors)
            #expect(errors == Folder(path: place).read("messages.txt") && ended.status == 78)
        }
    }
}
