// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A plugin in a process of its own", .serialized, .timeLimit(.minutes(20)))
struct IsolatedPluginTests {
    private static let secret = "the secret of the caller"
    private static let variable = "the server's own variable"

    private func configuration(_ plugin: String, grant: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - opaque-token
          - client-credentials
          - \(plugin)
        clients:
          - { id: a, secret: \(Self.secret), grant_types: [client_credentials, \(grant)], scope: [read] }
        """
    }

    /// An entry whose program misbehaves as requests say.
    private func faults(_ more: String = "limits: { call: 3s, memory: 128MiB }") -> String {
        let program = "\(Build.root)/Tests/Fixtures/plugin-process/faults.py"
        return "{ plugin: faults, command: [/usr/bin/python3, -Bs, \(program)], \(more) }"
    }

    private func ask(_ program: Program, _ what: String) throws -> HTTPAnswer {
        try program.post("/auth/token", [("grant_type", "fault"), ("do", what)], as: ("a", Self.secret))
    }

    private func withFaults(_ body: (Program) async throws -> Void) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", configuration(faults(), grant: "fault"))
            let program = try await Program.start(
                folder, secrets: [Self.secret], environment: ["GRANTOR_TEST_VARIABLE": Self.variable])
            try await body(program)
            #expect(program.isRunning)
            #expect(program.stop() == 0)
        }
    }

    /// Waits until a process answers again.
    private func recovers(_ program: Program) async throws -> Bool {
        try await Patience.wait { try ask(program, "nothing").status == 200 }
    }

    @Test(
        "a process that ends or breaks the protocol fails its call alone, and is started again",
        arguments: [
            ("abort", "ended by signal 6"), ("exit", "ended with status 3"), ("exec", "ended by signal 31"),
            ("half", "ended with status 0"), ("gigabyte", "a frame of 1073741824 bytes"),
            ("empty", "a frame of 0 bytes"),
            ("not_json", "is not JSON"), ("not_object", "is not a JSON object"), ("deep", "too deeply nested"),
            ("stranger", "answered the call 4242"), ("ask_stranger", "host call for the call 4242"),
        ])
    func ends(_ fault: String, _ why: String) async throws {
        try await withFaults { program in
            let answer = try ask(program, fault)
            #expect(answer.status == 503 && answer["error"] == "temporarily_unavailable")
            #expect(answer.head.lowercased().contains("retry-after: 1"))
            #expect(try program.token("a", Self.secret).status == 200)
            #expect(try await Patience.wait { program.log.contains(why) }, "\(program.log)")
            #expect(try await recovers(program))
        }
    }

    @Test(
        "a process that hangs or is stopped is replaced after the deadline, while others are answered",
        arguments: ["hang", "stop", "half_hang", "overflow"])
    func hangs(_ fault: String) async throws {
        try await withFaults { program in
            async let held = onThread { try ask(program, fault) }
            #expect(try await onThread { try program.token("a", Self.secret) }.status == 200)
            let answer = try await held
            #expect(answer.status == 503 && answer["error"] == "temporarily_unavailable")
            #expect(try await recovers(program))
            #expect(try await Patience.wait { program.log.contains("is started again") })
        }
    }

    @Test(
        "the system refuses memory, descriptors, processes, sockets, files and other processes",
        arguments: [
            ("fill", "MemoryError"), ("files", "Too many open files"), ("fork", "Operation not permitted"),
            ("connect", "Operation not permitted"), ("write_file", "Permission denied"),
            ("kill_server", "Operation not permitted"), ("read_server", "Permission denied"),
        ])
    func refused(_ fault: String, _ why: String) async throws {
        try await withFaults { program in
            let answer = try ask(program, fault)
            #expect(answer.status == 500 && answer["error"] == "server_error")
            #expect(try await Patience.wait { program.log.contains(why) }, "\(program.log)")
            #expect(!program.log.contains(Self.variable))
            // The process itself answers the next call.
            #expect(try ask(program, "nothing").status == 200)
            #expect(!FileManager.default.fileExists(atPath: "/tmp/grantor-plugin-wrote"))
        }
    }

    @Test("a process has no environment, and no descriptors but its own")
    func inheritsNothing() async throws {
        try await withFaults { program in
            let answer = try ask(program, "pid")
            #expect(answer.status == 500)
            // Python itself sets LC_CTYPE, and lists the folder by a fifth descriptor.
            let found = "environment ['LC_CTYPE'], files ['0', '1', '2', '3', '4']"
            #expect(try await Patience.wait { program.log.contains(found) }, "\(program.log)")
        }
    }

    @Test(
        "a process reaches its own collections and the host calls of its description, and nothing else",
        arguments: [
            ("undeclared", "does not declare the host call 'users.find'"), ("foreign", "the collection 'session'"),
            ("foreign_write", "the collection 'session'"), ("malformed", "the output of 'authorize' is malformed"),
        ])
    func authority(_ fault: String, _ why: String) async throws {
        try await withFaults { program in
            let (answer, next) = (try ask(program, fault), try ask(program, "nothing"))
            #expect(answer.status == 500 && next.status == 200)
            #expect(try await Patience.wait { program.log.contains(why) }, "\(program.log)")
        }
    }

    @Test(
        "what a process prints becomes lines of the log, and answers are not disturbed", arguments: ["print", "flood"])
    func prints(_ fault: String) async throws {
        try await withFaults { program in
            let answer = try ask(program, fault)
            #expect(answer.status == 200)
            let line = fault == "print" ? "stray output" : "a plugin writes too many log lines"
            #expect(
                try await Patience.wait {
                    _ = try ask(program, "nothing")
                    return program.log.contains(line)
                })
        }
    }

    @Test("the process ends with the server, even if the server is killed")
    func endsWithServer() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", configuration(faults(), grant: "fault"))
            let program = try await Program.start(folder, secrets: [Self.secret])
            _ = try ask(program, "pid")
            #expect(try await Patience.wait { program.log.contains("pid ") })
            let pid = try #require(program.log.firstMatch(of: /pid (\d+),/).flatMap { Int32($0.1) })
            #expect(kill(pid, 0) == 0)
            #expect(kill(program.pid, SIGKILL) == 0)
            #expect(try await Patience.wait { !isAlive(pid) })
        }
    }

    /// Whether a process runs; one that has ended and that nobody has waited for does not.
    private func isAlive(_ pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return false }
        return !status.contains("State:\tZ")
    }

    @Test("a grant in Python counts its badges in its own collection, and a reload replaces its code")
    func badges() async throws {
        try await Folder.with { folder in
            for name in ["grantor.py", "badge_grant.py"] {
                let source = try String(contentsOfFile: "\(Build.root)/Languages/Python/\(name)", encoding: .utf8)
                try folder.write(name, source)
            }
            let entry = """
                { plugin: badge-grant, command: [/usr/bin/python3, -Bs, \(folder.path)/badge_grant.py],
                    files: [\(folder.path)/grantor.py], settings: { limit: 2 } }
                """
            try folder.write("config.yaml", configuration(entry, grant: "badge"))
            let program = try await Program.start(folder, secrets: [Self.secret])
            func show(_ badge: String) throws -> HTTPAnswer {
                try program.post(
                    "/auth/token", [("grant_type", "urn:example:badge"), ("badge", badge)], as: ("a", Self.secret))
            }
            #expect(try (0..<3).map { _ in try show("one").status } == [200, 200, 400])
            #expect(try show("two").status == 200)
            let changed = folder.read("badge_grant.py").replacingOccurrences(
                of: "urn:example:badge", with: "urn:example:new")
            try folder.write("badge_grant.py", changed)
            #expect(kill(program.pid, SIGHUP) == 0)
            #expect(try await Patience.wait { program.log.contains("the configuration was reloaded") })
            #expect(try show("two").status == 400)
            let answer = try program.post(
                "/auth/token", [("grant_type", "urn:example:new"), ("badge", "two")], as: ("a", Self.secret))
            #expect(answer.status == 200, "the record of the former process is still there")
            #expect(program.stop() == 0)
        }
    }

    @Test("the same library runs in a process of its own")
    func library() async throws {
        try await Folder.with { folder in
            let text = configuration("sessions-api", grant: "client_credentials").replacingOccurrences(
                of: "- client-credentials", with: "- { plugin: client-credentials, isolation: process }")
            try folder.write("config.yaml", text)
            let program = try await Program.start(folder, secrets: [Self.secret])
            #expect(try program.token("a", Self.secret).status == 200)
            #expect(program.stop() == 0)
            try folder.write(
                "config.yaml",
                text.replacingOccurrences(of: "- memory-store", with: "- { plugin: memory-store, isolation: process }"))
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 78)
            #expect(checked.errors.contains("it has 'stores', which cannot be isolated"), "\(checked.errors)")
        }
    }

    @Test("the audit log is refused in a process, which could not write it, with the reason")
    func auditLog() async throws {
        try await Folder.with { folder in
            let entry = "{ plugin: audit-log, isolation: process, settings: { path: audit.log } }"
            try folder.write("config.yaml", configuration(entry, grant: "client_credentials"))
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 78)
            #expect(checked.errors.contains("'audit-log' cannot be isolated: it creates, locks"), "\(checked.errors)")
        }
    }

    @Test("a plugin whose lists of settings have secrets is accepted in a process")
    func secretsInLists() async throws {
        try await Folder.with { folder in
            let receiver = "{ url: \"https://receiver.example/events\", secret: the secret of the receiver }"
            let entry = "{ plugin: webhooks, isolation: process, may: [keys], settings: { receivers: [\(receiver)] } }"
            try folder.write("config.yaml", configuration(entry, grant: "client_credentials"))
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 0 && !checked.errors.contains("error:"), "\(checked.errors)")
        }
    }

    @Test("host calls with power need a word in 'may', which plugins show lists")
    func permissions() async throws {
        try await Folder.with { folder in
            let fixtures = "\(Build.root)/Tests/Fixtures/plugin-process"
            let client = try String(contentsOfFile: "\(Build.root)/Languages/Python/grantor.py", encoding: .utf8)
            try folder.write("grantor.py", client)
            try folder.write("calls.py", String(contentsOfFile: "\(fixtures)/calls.py", encoding: .utf8))
            func write(_ may: String) throws {
                let entry = """
                    { plugin: calls, command: [/usr/bin/python3, -Bs, \(folder.path)/calls.py, "keys.sign,users.find"],
                        files: [\(folder.path)/grantor.py]\(may) }
                    """
                try folder.write("config.yaml", configuration(entry, grant: "client_credentials"))
            }
            try write("")
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 78)
            #expect(checked.errors.contains("makes host calls that its entry does not permit: keys.sign\n"))
            #expect(checked.errors.contains("write 'may: [keys]'"), "\(checked.errors)")
            try write(", may: [keys, everything]")
            #expect(try Command.grantor("check", in: folder).errors.contains("'may' has no word 'everything'"))
            try write(", may: [keys]")
            #expect(try Command.grantor("check", in: folder).status == 0)
            let shown = try Command.grantor("plugins", "show", "--config", "config.yaml", "calls", in: folder)
            #expect(shown.output.contains("calls     keys.sign, users.find\nmay       keys\n"), "\(shown.output)")
        }
    }

    @Test("check and plugins show describe a program, and a digest pins it with its files")
    func commands() async throws {
        try await Folder.with { folder in
            for name in ["grantor.py", "badge_grant.py"] {
                let source = try String(contentsOfFile: "\(Build.root)/Languages/Python/\(name)", encoding: .utf8)
                try folder.write(name, source)
            }
            let entry = """
                { plugin: badge-grant, command: [/usr/bin/python3, -Bs, \(folder.path)/badge_grant.py],
                    files: [\(folder.path)/grantor.py] }
                """
            try folder.write("config.yaml", configuration(entry, grant: "badge"))
            #expect(try Command.grantor("check", in: folder).status == 0)
            let shown = try Command.grantor("plugins", "show", "--config", "config.yaml", "badge-grant", in: folder)
            #expect(shown.output.contains("calls     store.read") && shown.output.contains("grant urn:example:badge"))
            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            #expect(try Command.grantor("check", "--frozen", in: folder).status == 0)
            try folder.write("grantor.py", folder.read("grantor.py") + "# changed\n")
            let frozen = try Command.grantor("check", "--frozen", in: folder)
            #expect(frozen.status == 78 && frozen.errors.contains("has the digest"), "\(frozen.errors)")
            try folder.write("badge_grant.py", "raise SystemExit('this is no plugin')\n")
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.errors.contains("it ended before it described itself; it printed: this is no plugin"))
        }
    }

    @Test("after an end, only code is started that the digest admits")
    func keepsToDigest() async throws {
        try await Folder.with { folder in
            let source = try String(
                contentsOfFile: "\(Build.root)/Tests/Fixtures/plugin-process/faults.py", encoding: .utf8)
            try folder.write("faults.py", source)
            let real = URL(fileURLWithPath: "/usr/bin/python3").resolvingSymlinksInPath().path
            let digest = try Command.shell(
                "sha256sum \(folder.path)/faults.py \(real) | sha256sum | head -c 64", in: folder
            ).output
            let entry = """
                { plugin: faults, command: [/usr/bin/python3, -Bs, \(folder.path)/faults.py], sha256: "\(digest)" }
                """
            try folder.write("config.yaml", configuration(entry, grant: "fault"))
            let program = try await Program.start(folder, secrets: [Self.secret])
            #expect(try ask(program, "nothing").status == 200)
            try folder.write("faults.py", source + "# changed\n")
            #expect(try ask(program, "exit").status == 503)
            #expect(try await Patience.wait { program.log.contains("but the configuration pins \(digest)") })
            #expect(try ask(program, "nothing").status == 503)
            try folder.write("faults.py", source)
            #expect(try await recovers(program))
            #expect(program.stop() == 0)
        }
    }

    @Test("no voucher is accepted twice and no process is left when the server or a plugin's process is killed")
    func killed() async throws {
        try await Folder.with { folder in
            let ended = try await onThread {
                try Command.shell(
                    "\(Build.root)/Scripts/plugin-rounds --rounds 6 --products \(Build.products)", in: folder)
            }
            #expect(ended.status == 0, "\(ended.output) \(ended.errors)")
        }
    }

    @Test("the grants in Python, C and Rust keep the rules of the kit")
    func languages() async throws {
        try await Folder.with { folder in
            let ended = try await onThread {
                try Command.shell(
                    "\(Build.root)/Scripts/languages", in: folder, environment: ["GRANTOR": Build.program])
            }
            #expect(ended.status == 0, "\(ended.output) \(ended.errors)")
        }
    }
}
