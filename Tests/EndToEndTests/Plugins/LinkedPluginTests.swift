// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A plugin whose library has the C interface", .serialized, .timeLimit(.minutes(20)))
struct LinkedPluginTests {
    private static let secret = "the secret of the caller"

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

    /// Compiles a library into a folder.
    private func compile(_ id: String, _ source: String, _ options: String = "", in folder: Folder) throws {
        let library = "lib\(id).so"
        let made = try Command.shell(
            "gcc -D_GNU_SOURCE -O1 -shared -fPIC -pthread -I '\(Build.root)/Sources/CPluginLibrary/include' \(options) "
                + "-o \(library) '\(Build.root)/\(source)' && chmod 755 \(library)", in: folder)
        try #require(made.status == 0, "\(made)")
    }

    private func withFaults(_ more: String, _ body: (Program) async throws -> Void) async throws {
        try await Folder.with { folder async throws in
            try compile("faults", "Tests/Fixtures/plugin-library/faults.c", in: folder)
            let entry = "{ plugin: faults, library: \(folder.path)/libfaults.so, \(more) }"
            try folder.write("config.yaml", configuration(entry, grant: "fault"))
            let program = try await Program.start(folder, secrets: [Self.secret])
            try await body(program)
            #expect(program.isRunning)
            #expect(program.stop() == 0)
        }
    }

    private func ask(_ program: Program, _ what: String) throws -> HTTPAnswer {
        try program.post("/auth/token", [("grant_type", "fault"), ("do", what)], as: ("a", Self.secret))
    }

    @Test(
        "a library that holds its thread, answers late or never does not hold up others",
        arguments: ["hang", "late_answer", "never"])
    func late(_ fault: String) async throws {
        try await withFaults("deadline: 1s") { program async throws in
            async let held = onThread { try ask(program, fault) }
            #expect(try await onThread { try program.token("a", Self.secret) }.status == 200)
            #expect(try await onThread { try ask(program, "ask") }.status == 200)
            let answer = try await held
            #expect(answer.status == 503 && answer["error"] == "temporarily_unavailable")
            #expect(try await Patience.wait { program.log.contains("a plugin did not answer in time") })
        }
    }

    @Test("a library can write nothing after its deadline")
    func lateWrite() async throws {
        try await withFaults("deadline: 1s") { program async throws in
            #expect(try ask(program, "late_write").status == 503)
            let line = "a plugin tried to write after its deadline; nothing was written"
            #expect(try await Patience.wait { program.log.contains(line) }, "\(program.log)")
        }
    }

    @Test("a second answer is dropped and logged, and a malformed one fails its call")
    func mistakes() async throws {
        try await withFaults("deadline: 5s") { program async throws in
            #expect(try ask(program, "twice").status == 200)
            #expect(try await Patience.wait { program.log.contains("was not asked or has answered") }, "\(program.log)")
            let answer = try ask(program, "not_json")
            #expect(answer.status == 500 && answer["error"] == "server_error")
            #expect(try ask(program, "ask_elsewhere").status == 200)
        }
    }

    @Test("the same library runs in a process of its own")
    func isolated() async throws {
        try await withFaults("isolation: process, limits: { call: 1s }") { program async throws in
            for what in ["nothing", "later", "ask", "ask_elsewhere", "twice", "ask_late"] {
                #expect(try ask(program, what).status == 200, "\(what) \(program.log)")
            }
            #expect(try ask(program, "not_json").status == 500)
            #expect(try ask(program, "ask_undeclared").status == 500)
            #expect(try await Patience.wait { program.log.contains("does not declare the host call 'users.find'") })
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 { group.addTask { try await onThread { try ask(program, "ask").status } } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { $0 == 200 }, "\(statuses)")
        }
    }

    @Test("each plugin that a library has made is released once: after a reload, a refused one, and at the end")
    func releases() async throws {
        try await Folder.with { folder async throws in
            let notes = "\(folder.path)/notes"
            try compile("faults", "Tests/Fixtures/plugin-library/faults.c", "-DNOTES='\"\(notes)\"'", in: folder)
            func configure(_ settings: String) throws {
                let library = "library: \(folder.path)/libfaults.so, deadline: 1s"
                let entry = "{ plugin: faults, \(library), settings: { \(settings) } }"
                try folder.write("config.yaml", configuration(entry, grant: "fault"))
            }
            try configure("")
            let program = try await Program.start(folder, secrets: [Self.secret])
            #expect(try ask(program, "late_answer").status == 503)
            for settings in ["describe_badly: true", "unknown: 1"] {
                try configure(settings)
                let former = folder.read("notes")
                #expect(kill(program.pid, SIGHUP) == 0)
                #expect(try await Patience.wait { folder.read("notes") == former + "dr" }, "\(folder.read("notes"))")
            }
            #expect(try ask(program, "nothing").status == 200)
            // A call that is not answered keeps its plugin.
            #expect(try await Patience.wait { program.log.contains("and the answer was dropped") })
            #expect(program.stop() == 0)
            #expect(folder.read("notes") == "ddrdrr")
            #expect(try Command.grantor("check", in: folder).status == 78)
            #expect(folder.read("notes") == "ddrdrrdr")
        }
    }

    @Test(
        "a reload while a library holds calls answers them and those that follow, and releases the former plugin after them",
        arguments: ["deadline: 20s", "isolation: process, limits: { call: 20s }"])
    func reloads(_ more: String) async throws {
        try await Folder.with { folder async throws in
            let isHere = more.contains("deadline")
            let notes = "-DNOTES='\"\(folder.path)/notes\"'"
            // A process may not write the notes.
            try compile("faults", "Tests/Fixtures/plugin-library/faults.c", isHere ? notes : "", in: folder)
            func configure(_ more: String) throws {
                let entry = "{ plugin: faults, library: \(folder.path)/libfaults.so, \(more) }"
                try folder.write("config.yaml", configuration(entry, grant: "fault"))
            }
            try configure(more)
            let program = try await Program.start(folder, secrets: [Self.secret])
            async let held = withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await onThread { try ask(program, "hang").status } } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await Task.sleep(for: .milliseconds(700))
            try configure(more.replacing("20s", with: "21s"))
            #expect(kill(program.pid, SIGHUP) == 0)
            #expect(try await Patience.wait { program.log.contains("the configuration was reloaded") })
            #expect(try ask(program, "ask").status == 200)
            if isHere { #expect(folder.read("notes") == "dd", "the former plugin holds calls") }
            let statuses = try await held
            #expect(statuses == Array(repeating: 200, count: 8), "\(program.log)")
            if isHere { #expect(try await Patience.wait { folder.read("notes") == "ddr" }) }
            #expect(try ask(program, "ask").status == 200)
            #expect(program.stop() == 0)
            if isHere { #expect(folder.read("notes") == "ddrr") }
        }
    }

    @Test("a reload makes a plugin with the new settings, and the commands describe the library")
    func badges() async throws {
        try await Folder.with { folder async throws in
            try compile("badge-grant", "Languages/C/badge_grant.c", "-DGRANTOR_LIBRARY", in: folder)
            func configure(_ limit: Int, _ more: String = "") throws {
                let entry = """
                    { plugin: badge-grant, library: \(folder.path)/libbadge-grant.so, settings: { limit: \(limit) }\(more) }
                    """
                try folder.write("config.yaml", configuration(entry, grant: "badge"))
            }
            try configure(2)
            let program = try await Program.start(folder, secrets: [Self.secret])
            func show(_ badge: String) throws -> Int {
                try program.post(
                    "/auth/token", [("grant_type", "urn:example:badge"), ("badge", badge)], as: ("a", Self.secret)
                ).status
            }
            #expect(try (0..<3).map { _ in try show("one") } == [200, 200, 400])
            try configure(1000)
            #expect(kill(program.pid, SIGHUP) == 0)
            #expect(try await Patience.wait { program.log.contains("'limit' must be from 1 to 100") }, "\(program.log)")
            #expect(try (0..<3).map { _ in try show("two") } == [200, 200, 400], "the refused settings change nothing")
            try configure(3)
            #expect(kill(program.pid, SIGHUP) == 0)
            #expect(try await Patience.wait { program.log.contains("the configuration was reloaded") })
            #expect(try show("one") == 200)
            #expect(program.stop() == 0)

            #expect(try Command.grantor("plugins", "lock", in: folder).status == 0)
            #expect(folder.read("plugins.lock").contains("kit = \"c 1\""))
            #expect(try Command.grantor("check", "--frozen", in: folder).status == 0)
            let shown = try Command.grantor("plugins", "show", "--config", "config.yaml", "badge-grant", in: folder)
            #expect(shown.output.contains("protocol  c 1") && shown.output.contains("grant urn:example:badge"))
            #expect(shown.output.contains("calls     digest, store.read"), "\(shown)")
            let listed = try Command.grantor("plugins", "list", "--plugin-path", ".", in: folder)
            #expect(listed.output.contains("tokens for badges"), "\(listed)")
            try configure(3, ", on_event_loop: true")
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 78 && checked.errors.contains("cannot run on the event loops"), "\(checked)")
        }
    }
}
