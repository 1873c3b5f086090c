// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@testable import ServerHTTP

@Suite("Running out of files and connections", .timeLimit(.minutes(10)))
struct DescriptorTests {
    /// Starts the program with a limit of open files.
    private func start(_ listen: String, limit: String, in folder: Folder) async throws -> (pid: pid_t, port: UInt16) {
        try folder.write("config.yaml", Configurations.yaml(listen: listen))
        Thread.detachNewThread {
            _ = try? Command.shell("\(limit); echo $$ > pid; exec \(Build.program) serve > out 2> err", in: folder)
        }
        for _ in 0..<4000 {
            if let match = folder.read("out").firstMatch(of: /listening +http:\/\/[^\n]*:(\d+)\n/),
                let port = UInt16(match.1)
            {
                let pid = folder.read("pid").trimmingCharacters(in: .whitespacesAndNewlines)
                return (try #require(pid_t(pid)), port)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw ConfigurationError("the program did not start: \(folder.read("err"))")
    }

    /// A process's soft limit of open files.
    private func limit(of pid: pid_t) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
        return try #require(text.firstMatch(of: /Max open files +(\d+)/).flatMap { Int($0.1) })
    }

    /// The processor time of a process, in seconds.
    private func used(by pid: pid_t, in folder: Folder) throws -> Double {
        guard let line = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
            throw ConfigurationError("the program has ended: \(folder.read("err"))")
        }
        let fields = (line.split(separator: ")").last ?? "").split(separator: " ")
        return (Double(fields[11]) ?? 0) / 100 + (Double(fields[12]) ?? 0) / 100
    }

    /// The number of open descriptors, once the program has opened all that it opens at its start.
    ///
    /// The dispatch library ends a process that cannot have a descriptor for its first timer or signal.
    private func settledCount(_ pid: pid_t) async throws -> Int {
        var (count, same) = (0, 0)
        while same < 20 {
            try await Task.sleep(for: .milliseconds(100))
            let now = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
            (count, same) = (now, now == count ? same + 1 : 0)
        }
        return count
    }

    @Test("the soft limit is raised to what the connections need and no further")
    func raised() async throws {
        try await Folder.with { folder in
            let (pid, port) = try await start(
                "{ port: 0, max_connections: 2000 }", limit: "ulimit -Sn 256; ulimit -Hn 8192", in: folder)
            defer { kill(pid, SIGTERM) }
            #expect((2000..<3000).contains(try limit(of: pid)))
            #expect(!folder.read("err").contains("limit of open files"))
            let open = try (0..<400).map { _ in try HTTPSocket(port: port) }
            open[399].write(Array("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(try open[399].readAnswer().status == 200)
        }
    }

    @Test("a limit that is too low is logged with advice, and fewer connections are accepted")
    func tooLow() async throws {
        try await Folder.with { folder in
            let (pid, port) = try await start(
                "{ port: 0, header_timeout: 100s }", limit: "ulimit -n 100", in: folder)
            defer { kill(pid, SIGTERM) }
            let line = folder.read("err").split(separator: "\n").first { $0.contains("limit of open files") } ?? ""
            #expect(line.contains("\"limit\":\"100\"") && line.contains("LimitNOFILE") && line.contains("4096"))
            var open = try (0..<150).map { _ in try HTTPSocket(port: port) }
            let before = try used(by: pid, in: folder)
            try await Task.sleep(for: .seconds(2))
            #expect(try used(by: pid, in: folder) - before < 1, "waiting costs nothing")
            open[0].write(Array("GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(try open[0].readAnswer().status == 200, "the store still gets what it needs")
            #expect(!folder.read("err").contains("accepted for now"))
            open = []
            #expect(try HTTPSocket(port: port).exchange("GET /health/live HTTP/1.0\r\n\r\n").status == 200)
        }
    }

    @Test("without descriptors, accepting pauses, costs nothing, is logged once, and resumes")
    func exhausted() async throws {
        try await Folder.with { folder in
            let (pid, port) = try await start("{ port: 0, header_timeout: 100s }", limit: "ulimit -n 5000", in: folder)
            defer { kill(pid, SIGTERM) }
            let first = try HTTPSocket(port: port)
            let get = Array("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            first.write(get)
            #expect(try first.readAnswer().status == 200)
            let count = try await settledCount(pid)
            let lowered = try Command.shell("prlimit --pid \(pid) --nofile=\(count + 5):", in: folder)
            #expect(lowered.status == 0, "\(lowered.errors)")
            var open = try (0..<40).map { _ in try HTTPSocket(port: port) }
            try await Task.sleep(for: .seconds(1))
            let before = try used(by: pid, in: folder)
            try await Task.sleep(for: .seconds(3))
            #expect(try used(by: pid, in: folder) - before < 1, "it must not try all the time")
            first.write(get)
            #expect(try first.readAnswer().status == 200, "what is open is served")
            let told = folder.read("err").components(separatedBy: "accepted for now").count - 1
            #expect(told == 1, "\(told)")
            open = []
            let late = try HTTPSocket(port: port)
            late.write(get)
            #expect(try late.readAnswer().status == 200)
            for _ in 0..<200 where !folder.read("err").contains("accepted again") {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(folder.read("err").components(separatedBy: "accepted again").count == 2)
            #expect(open.isEmpty)
        }
    }

    @Test(
        "with a low limit, some descriptors are left for everything else",
        arguments: [(64, 30), (100, 30), (1024, 40), (20, 30), (1_000_000, 30)])
    func shares(_ limit: Int, _ used: Int) {
        let fitting = DescriptorLimit(4096, used: used, needed: 4096 + used + 128, limit: limit).connections
        #expect(fitting >= 1 && fitting <= 4096)
        if limit > used + 10 { #expect(limit - used - fitting >= min(128, (limit - used) / 2)) }
        if limit > 10_000 { #expect(fitting == 4096) }
    }
}
