// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Testing

@Suite("The line that names what a crash was in, in a small C program", .serialized, .timeLimit(.minutes(10)))
struct CrashLineTests {
    /// How the program ends, what it says, and the signal or status with which it ends.
    private struct Case {
        let way: String
        let line: String
        let status: Int32
    }

    private static let note = "in plugin 'a', request 'r1'"
    private static let cases = [
        Case(way: "null", line: "grantor: crashed: SIGSEGV \(note)", status: SIGSEGV),
        Case(way: "recursion", line: "grantor: crashed: SIGSEGV \(note)", status: SIGSEGV),
        Case(way: "thread", line: "grantor: crashed: SIGSEGV in plugin 'deep', request 'r2'", status: SIGSEGV),
        Case(way: "unnoted", line: "grantor: crashed: SIGSEGV, not in a known plugin", status: SIGSEGV),
        Case(way: "library", line: "grantor: crashed: SIGSEGV in plugin 'quiet'", status: SIGSEGV),
        Case(way: "bus", line: "grantor: crashed: SIGBUS \(note)", status: SIGBUS),
        Case(way: "system", line: "grantor: crashed: SIGSYS \(note)", status: SIGSYS),
        Case(way: "trap", line: "grantor: crashed: SIGTRAP \(note)", status: SIGTRAP),
        Case(way: "division", line: "grantor: crashed: SIGFPE \(note)", status: SIGFPE),
        Case(way: "abort", line: "grantor: crashed: SIGABRT \(note)", status: SIGABRT),
        Case(way: "other", line: "grantor: crashed: SIGSEGV sent by another process", status: SIGSEGV),
        Case(way: "exit", line: "grantor: ended: exit was called \(note)", status: 70),
        Case(way: "exit-3", line: "grantor: ended: exit was called \(note)", status: 3),
        Case(way: "exit-256", line: "grantor: ended: exit was called \(note)", status: 70),
        Case(way: "quick-exit", line: "grantor: ended: exit was called \(note)", status: 70),
        Case(way: "library-exit", line: "grantor: ended: exit was called in plugin 'quiet'", status: 70),
    ]

    private func build(in folder: Folder) throws {
        let (sources, fixtures) = ("\(Build.root)/Sources/CCrashLine", "\(Build.root)/Tests/Fixtures/crash-line")
        let flags = "-O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls"
        let built = try Command.shell(
            """
            gcc \(flags) -shared -fPIC -o lib.so '\(fixtures)/library.c' &&
            gcc \(flags) -I '\(sources)/include' -o program \
                '\(sources)/crash_line.c' '\(fixtures)/program.c' -ldl -lpthread
            """, in: folder)
        guard built.status == 0 else { throw ConfigurationError(built.errors) }
    }

    private func end(
        _ way: String, _ more: String..., in folder: Folder, environment: [String: String] = [:]
    ) throws -> Ended {
        let arguments = [way, "\(folder.path)/lib.so"] + more
        return try Command.run("\(folder.path)/program", arguments, in: folder, environment: environment)
    }

    @Test("each signal and each way to exit is one line, and the status is that of the signal or not 0")
    func lines() async throws {
        try await Folder.with { folder in
            try build(in: folder)
            for expected in Self.cases {
                let ended = try end(expected.way, in: folder)
                #expect(ended.errors == expected.line + "\n", "\(expected.way)")
                #expect(ended.status == expected.status, "\(expected.way)")
            }
        }
    }

    @Test("a handler that was there before runs after the line")
    func former() async throws {
        try await Folder.with { folder in
            try build(in: folder)
            for way in ["null", "recursion", "thread", "other"] {
                let ended = try end(way, "former", in: folder)
                let lines = ended.errors.split(separator: "\n")
                #expect(lines.count == 2 && lines.first?.hasPrefix("grantor: crashed: SIGSEGV") == true, "\(way)")
                #expect(lines.last == "the former handler" && ended.status == SIGSEGV, "\(way)")
            }
            let exited = try end("null", "former", in: folder, environment: ["FORMER_EXITS": "yes"])
            #expect(exited.errors.split(separator: "\n").count == 2 && exited.status == 5, "\(exited.errors)")
        }
    }

    @Test("threads that crash at once write one line, and a second crash in the handler ends the process")
    func twice() async throws {
        try await Folder.with { folder in
            try build(in: folder)
            for _ in 0..<20 {
                let ended = try end("race", in: folder)
                #expect(ended.errors.split(separator: "\n").count == 1 && ended.status == SIGSEGV)
            }
            #expect(try end("dangling", in: folder).status == SIGSEGV)
        }
    }

    @Test("an orderly end is no crash, and neither is that of a child process")
    func orderly() async throws {
        try await Folder.with { folder in
            try build(in: folder)
            for way in ["nothing", "child"] {
                let ended = try end(way, in: folder)
                #expect(ended.errors.isEmpty && ended.status == 0, "\(way)")
            }
        }
    }
}
