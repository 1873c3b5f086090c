// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A plugin from outside that hangs in the real program", .serialized, .timeLimit(.minutes(10)))
struct HeldThreadTests {
    private static let secret = "the secret of the caller"

    /// A grant that sleeps, computes or fills memory for as long as the process runs.
    private static let source = """
        import Glibc

        struct It: Plugin, TokenGrant {
            static let manifest = PluginManifest(id: "it-hangs", summary: "", specification: "")
            let declaration = GrantDeclaration("it-hangs", client: .confidential)
            let parameters = [ParameterDeclaration("do"), ParameterDeclaration("number")]
            init(settings: Settings, host: any PluginHost) throws {}
            func register(in registry: inout Registry) { registry.add(grant: self) }
            func authorize(_ request: TokenRequest) async throws -> Authorization {
                let number = request.parameters["number"].flatMap { Int($0) } ?? 0
                switch request.parameters["do"] {
                case "sleep": pause(number)
                case "spin": spin()
                case "fill": fill(number)
                default: break
                }
                return Authorization(subject: .client(request.client.id), limits: request.allowed)
            }
            private func pause(_ seconds: Int) { sleep(UInt32(seconds)) }
            private func spin() {
                var sum: UInt64 = 1
                while sum != 0 { sum = (sum &* 6364136223846793005 &+ 1442695040888963407) | 1 }
            }
            private func fill(_ mebibytes: Int) {
                var blocks: [[UInt8]] = []
                for _ in 0..<mebibytes / 16 { blocks.append([UInt8](repeating: 1, count: 16 << 20)) }
                sleep(3600)
                blocks.removeAll()
            }
        }
        """

    private func configuration(_ library: String, _ more: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - { plugin: it-hangs, library: \(library), \(more) }
        clients:
          - { id: a, secret: \(Self.secret), grant_types: [client_credentials, it-hangs], scope: [read] }
        """
    }

    private func ask(_ program: Program, _ what: String, _ number: Int = 3600) throws -> HTTPAnswer {
        try program.post(
            "/auth/token", [("grant_type", "it-hangs"), ("do", what), ("number", "\(number)")], as: ("a", Self.secret))
    }

    /// The 99th percentile of the times of 300 health checks.
    private func slowest(_ program: Program) throws -> Duration {
        let clock = ContinuousClock()
        var times: [Duration] = []
        for _ in 0..<300 {
            var status = 0
            times.append(try clock.measure { status = try program.get("/health/ready").status })
            #expect(status == 200)
        }
        return times.sorted()[296]
    }

    /// A quarter of the memory that is available, but at most eight gibibytes, in mebibytes.
    private func filling() throws -> Int {
        let lines = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
        let available = lines.firstMatch(of: /MemAvailable: +(\d+) kB/).flatMap { Int($0.1) } ?? 0
        return min(8192, available / 1024 / 4)
    }

    @Test(
        "while it sleeps, computes or fills memory, others are answered as before, and the log names it",
        arguments: ["sleep", "spin", "fill"])
    func held(_ what: String) async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build("it-hangs", Self.source)
            try folder.write("config.yaml", configuration(library, "deadline: 3s"))
            let program = try await Program.start(folder, secrets: [Self.secret])
            let before = try await onThread { try slowest(program) }
            let number = what == "fill" ? try filling() : 3600
            async let held = onThread { try ask(program, what, number) }
            #expect(try await Patience.wait { program.log.contains("a plugin holds a thread") })
            let during = try await onThread { try slowest(program) }
            // Compared with the same machine a moment before, since others may use it too.
            #expect(during < max(.milliseconds(50), before * 4), "\(before) before, \(during) during")
            #expect(try await onThread { try program.token("a", Self.secret) }.status == 200)
            let answer = try await held
            #expect(answer.status == 503 && answer["error"] == "temporarily_unavailable")
            #expect(program.log.contains("a plugin did not answer in time, and holds a thread"))
            #expect(program.log.contains("it-hangs"))
            #expect(try await onThread { try ask(program, "nothing") }.status == 200, "another of its threads is free")
            #expect(program.stop() == 0)
        }
    }

    @Test("on the event loops, by its configuration, check warns, and the log says that a loop does not respond")
    func onEventLoop() async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build("it-hangs", Self.source)
            try folder.write("config.yaml", configuration(library, "on_event_loop: true"))
            let checked = try Command.grantor("check", in: folder)
            #expect(checked.status == 0)
            #expect(
                checked.errors.contains("warning: the plugin 'it-hangs' runs on the event loops"), "\(checked.errors)")
            let program = try await Program.start(folder, secrets: [Self.secret])
            async let held = onThread { try ask(program, "sleep", 5) }
            #expect(try await Patience.wait { program.log.contains("an event loop does not respond") })
            let answer = try await held
            #expect(answer.status == 200)
            #expect(try await Patience.wait { program.log.contains("an event loop responds again") })
            #expect(program.log.contains("it-hangs"))
            #expect(program.stop() == 0)
        }
    }
}
