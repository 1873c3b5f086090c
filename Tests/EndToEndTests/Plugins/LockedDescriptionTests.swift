// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("'check' and 'plugins show' run no plugin whose description is locked", .serialized, .timeLimit(.minutes(20)))
struct LockedDescriptionTests {
    private func write(
        _ plugin: String, grant: String, issuer: String = "http://127.0.0.1:8080", to folder: Folder
    ) throws {
        try folder.write(
            "config.yaml",
            """
            issuer: \(issuer)
            plugins:
              - memory-store
              - opaque-token
              - \(plugin)
            clients:
              - { id: a, secret: the secret of the caller, grant_types: [\(grant)], scope: [read] }
            """)
    }

    /// A program that ends at once unless there is a file, which is none of its own.
    private func writeProgram(to folder: Folder) throws {
        for name in ["grantor.py", "badge_grant.py"] {
            let source = try String(contentsOfFile: "\(Build.root)/Languages/Python/\(name)", encoding: .utf8)
            try folder.write(name, source)
        }
        let gate = "import os\nif not os.path.exists('\(folder.path)/gate'): raise SystemExit('it has run')\n"
        try folder.write("badge_grant.py", gate + folder.read("badge_grant.py"))
        try folder.write("gate", "")
    }

    private func entry(_ settings: String, _ arguments: String = "", in folder: Folder) -> String {
        """
        { plugin: badge-grant, command: [/usr/bin/python3, -Bs, \(folder.path)/badge_grant.py\(arguments)],
            files: [\(folder.path)/grantor.py], settings: { \(settings) } }
        """
    }

    private func hasRun(_ folder: Folder) throws -> Bool {
        let checked = try Command.grantor("check", in: folder)
        let shown = try Command.grantor("plugins", "show", "--config", "config.yaml", "badge-grant", in: folder)
        let runs = [checked, shown].map { $0.errors.contains("it has run") }
        let succeed = [checked, shown].map { $0.status == 0 }
        #expect(runs[0] == runs[1] && succeed == runs.map { !$0 }, "\(checked) \(shown)")
        if !runs[1] { #expect(shown.output.contains("grant urn:example:badge"), "\(shown)") }
        return runs[0]
    }

    @Test("a program is run again if its settings, its arguments, a file of it or the issuer have changed")
    func program() async throws {
        try await Folder.with { folder async throws in
            try writeProgram(to: folder)
            try write(entry("limit: 2", in: folder), grant: "badge", to: folder)
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            #expect(folder.read("plugins.lock").contains("format = 2\n"))
            try FileManager.default.removeItem(atPath: "\(folder.path)/gate")
            #expect(try !hasRun(folder))
            #expect(try Command.grantor("check", "--frozen", in: folder).status == 0)

            try write(entry("limit: 3", in: folder), grant: "badge", to: folder)
            #expect(try hasRun(folder))
            try write(entry("limit: 2", ", more", in: folder), grant: "badge", to: folder)
            #expect(try hasRun(folder))
            try write(entry("limit: 2", in: folder), grant: "badge", issuer: "http://localhost:8080", to: folder)
            #expect(try hasRun(folder))
            try write(entry("limit: 2", in: folder), grant: "badge", to: folder)
            #expect(try !hasRun(folder))
            try folder.write("grantor.py", folder.read("grantor.py") + "# changed\n")
            #expect(try hasRun(folder))
        }
    }

    @Test("a lock that is damaged, or whose description is not valid, is not used without '--frozen'")
    func damaged() async throws {
        try await Folder.with { folder async throws in
            try writeProgram(to: folder)
            try write(entry("limit: 2", in: folder), grant: "badge", to: folder)
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            let lock = folder.read("plugins.lock")
            try FileManager.default.removeItem(atPath: "\(folder.path)/gate")
            try folder.write("plugins.lock", lock.replacing("\"protocol\":1", with: "\"protocol\":7"))
            #expect(try hasRun(folder))
            try folder.write("plugins.lock", lock + "[")
            #expect(try hasRun(folder))
        }
    }

    @Test("changed settings change the description in the lock, but a check of the lock is about libraries")
    func changedSettings() async throws {
        try await Folder.with { folder async throws in
            try writeProgram(to: folder)
            try write(entry("limit: 2", in: folder), grant: "badge", to: folder)
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            try write(entry("limit: 3", in: folder), grant: "badge", to: folder)
            #expect(try Command.grantor("plugins", "lock", "--check", in: folder).status == 0)
            #expect(try Command.grantor("plugins", "lock", in: folder).output.contains("written"))
            try FileManager.default.removeItem(atPath: "\(folder.path)/gate")
            #expect(try !hasRun(folder))
        }
    }

    @Test("what depends on a reference to a secret is not written to the lock")
    func secrets() async throws {
        try await Folder.with { folder async throws in
            try writeProgram(to: folder)
            try write(entry("limit: { env: GRANTOR_TEST_LIMIT }", in: folder), grant: "badge", to: folder)
            let locked = try Command.grantor("plugins", "lock", in: folder, environment: ["GRANTOR_TEST_LIMIT": "2"])
            #expect(locked.status == 0 && !folder.read("plugins.lock").contains("input"), "\(locked)")
        }
    }

    @Test("a library with the C interface is not even opened")
    func library() async throws {
        try await Folder.with { folder async throws in
            let made = try Command.shell(
                "gcc -D_GNU_SOURCE -DTRACE='\"\(folder.path)/trace\"' -shared -fPIC -pthread "
                    + "-I '\(Build.root)/Sources/CPluginLibrary/include' -o libfaults.so "
                    + "'\(Build.root)/Tests/Fixtures/plugin-library/faults.c' && chmod 755 libfaults.so", in: folder)
            try #require(made.status == 0, "\(made)")
            func entry(_ more: String) -> String { "{ plugin: faults, library: \(folder.path)/libfaults.so\(more) }" }
            func runs() throws -> Bool {
                let checked = try Command.grantor("check", in: folder)
                #expect(checked.status == 0, "\(checked)")
                defer { try? FileManager.default.removeItem(atPath: "\(folder.path)/trace") }
                return FileManager.default.fileExists(atPath: "\(folder.path)/trace")
            }
            try write(entry(""), grant: "fault", to: folder)
            #expect(try runs())
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            try FileManager.default.removeItem(atPath: "\(folder.path)/trace")
            #expect(try !runs())
            #expect(try Command.grantor("check", "--frozen", in: folder).status == 0)
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/libfaults.so"))
            try handle.seekToEnd()
            try handle.write(contentsOf: [0])
            #expect(try runs())
        }
    }

    @Test("with '--frozen', the server refuses a program whose description differs from the locked one")
    func otherDescription() async throws {
        try await Folder.with { folder async throws in
            try writeProgram(to: folder)
            let source = folder.read("badge_grant.py")
            let summary = "summary=\"tokens for badges\""
            #expect(source.contains(summary))
            try folder.write(
                "badge_grant.py",
                source.replacing("raise SystemExit('it has run')", with: "pass").replacing(
                    summary,
                    with: "summary='other tokens' if not os.path.exists('\(folder.path)/gate') else 'tokens for badges'"
                ))
            try write(entry("limit: 2", in: folder), grant: "badge", to: folder)
            let text = folder.read("config.yaml")
            try folder.write("config.yaml", text + "\nlisten: { port: 0 }\n")
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            let secrets = ["the secret of the caller"]
            let program = try await Program.start(folder, options: ["--frozen"], secrets: secrets)
            #expect(program.stop() == 0)
            try FileManager.default.removeItem(atPath: "\(folder.path)/gate")
            let refused = try Command.grantor("serve", "--frozen", in: folder)
            #expect(refused.status == 78, "\(refused)")
            let what = "the description of the plugin 'badge-grant' differs from the one in plugins.lock:"
            #expect(refused.errors.contains(what) && refused.errors.contains(": 'summary'"), "\(refused)")
            let free = try await Program.start(folder, secrets: secrets)
            #expect(free.stop() == 0)
        }
    }

    @Test("a program that checks attributes itself is asked by 'check', and its description is locked all the same")
    func attributes() async throws {
        try await Folder.with { folder async throws in
            try writeProgram(to: folder)
            // A module that is not among the program's files, so the digest stays the same.
            try folder.write("half.py", "expectation = 'an even number'\n")
            let attribute = """
                import half
                plugin.attribute("half", default=0, under="*", expectation=half.expectation,
                                 check=lambda value: None if value % 2 == 0 else f"must be even, and {value} is odd")
                plugin.run()
                """
            try folder.write("badge_grant.py", folder.read("badge_grant.py").replacing("plugin.run()", with: attribute))
            try write(entry("limit: 2", in: folder), grant: "badge", to: folder)
            let text = folder.read("config.yaml") + "\nlisten: { port: 0 }\n"
            func configure(half: Int) throws {
                let more = "scope: [read], auth: { badge: { half: \(half) } } }"
                try folder.write("config.yaml", text.replacing("scope: [read] }", with: more))
            }
            try configure(half: 2)
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            let program = try await Program.start(folder, options: ["--frozen"], secrets: ["the secret of the caller"])
            #expect(program.stop() == 0)
            try configure(half: 3)
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 78 && checked.errors.contains("must be even, and 3 is odd"), "\(checked)")
            try configure(half: 2)
            try folder.write("half.py", "expectation = 'another number'\n")
            let refused = try Command.grantor("serve", "--frozen", in: folder)
            #expect(refused.status == 78 && refused.errors.contains(": 'attributes'"), "\(refused)")
        }
    }

    @Test("with '--frozen', the server refuses a library whose description differs from the locked one")
    func otherLibrary() async throws {
        try await Folder.with { folder async throws in
            let made = try Command.shell(
                "gcc -D_GNU_SOURCE -shared -fPIC -pthread -I '\(Build.root)/Sources/CPluginLibrary/include' -o libfaults.so "
                    + "'\(Build.root)/Tests/Fixtures/plugin-library/faults.c' && chmod 755 libfaults.so", in: folder)
            try #require(made.status == 0, "\(made)")
            try write("{ plugin: faults, library: \(folder.path)/libfaults.so }", grant: "fault", to: folder)
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            let other: JSON = [
                "output": [
                    "protocol": 1, "summary": "faults", "host_calls": ["digest", "store.write"],
                    "grants": [["grant_type": "fault", "key": "fault"]],
                ]
            ]
            let refused = try Command.grantor(
                "serve", "--frozen", in: folder, environment: ["FAULTS_DESCRIPTION": other.text])
            #expect(refused.status == 78, "\(refused)")
            #expect(refused.errors.contains(": 'collections', 'grants'"), "\(refused)")
        }
    }
}
