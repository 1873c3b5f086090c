// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A third-party plugin that crashes, exits, prints or hangs", .serialized, .timeLimit(.minutes(10)))
struct CrashTests {
    private static let secret = "the secret of a"

    /// A grant that does what its parameter 'way' or the environment says.
    private static let plugin = """
        import Glibc

        @inline(never) func deepen(_ depth: Int) -> Int { depth < 0 ? 0 : 1 + deepen(depth + 1) }

        struct It: Plugin, TokenGrant {
            static let manifest = PluginManifest(id: "it-ends", summary: "", specification: "")
            let declaration = GrantDeclaration("urn:ends", client: .confidential)
            let parameters = [ParameterDeclaration("way", required: true)]
            init(settings: Settings, host: any PluginHost) throws {
                guard let way = getenv("IN_INIT") else { return }
                It.end(String(cString: way))
            }
            func register(in registry: inout Registry) { registry.add(grant: self) }
            func authorize(_ request: TokenRequest) async throws -> Authorization {
                It.end(try request.parameters.required("way"))
                return Authorization(subject: .client(request.client.id), limits: request.allowed)
            }
            static func end(_ way: String) {
                switch way {
                case "null": UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
                case "recursion": _ = deepen(0)
                case "fatal": fatalError("it gives up")
                case "abort": abort()
                case "exit": exit(0)
                case "print":
                    print("it prints")
                    puts("it puts")
                    fflush(nil)
                    write(1, "it writes\\n", 10)
                default: break
                }
            }
        }

        """

    /// Code that runs when the library is loaded.
    private static let constructor = """
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        __attribute__((constructor)) static void run(void) {
            const char *way = getenv("IN_CONSTRUCTOR");
            if (!way) return;
            if (!strcmp(way, "print")) puts("it prints early");
            if (!strcmp(way, "abort")) abort();
            if (!strcmp(way, "exit")) exit(0);
            if (!strcmp(way, "sleep")) sleep(7);
        }

        """

    private func prepare(_ folder: Folder) throws {
        try folder.write("constructor.c", Self.constructor)
        let compiled = try Command.shell("gcc -fPIC -c constructor.c -o constructor.o", in: folder)
        guard compiled.status == 0 else { throw ConfigurationError(compiled.errors) }
        let library = try Toolchain(folder: folder).build("it-ends", Self.plugin, objects: "constructor.o")
        try folder.write(
            "config.yaml",
            """
            issuer: http://127.0.0.1:8080
            listen: { port: 0 }
            plugins:
              - memory-store
              - jwt-token
              - plugin: it-ends
                library: \(library)
            clients: [{ id: a, secret: \(Self.secret), grant_types: ['urn:ends'] }]
            """)
    }

    private func start(_ folder: Folder) async throws -> Program {
        try await Program.start(
            folder, secrets: [Self.secret],
            environment: [
                "SWIFT_BACKTRACE":
                    "enable=yes,color=no,interactive=no,symbolicate=off,threads=crashed,images=none,limit=8"
            ])
    }

    private func post(_ way: String, to program: Program) throws -> HTTPAnswer {
        try program.post("/auth/token", [("grant_type", "urn:ends"), ("way", way)], as: ("a", Self.secret))
    }

    private func lines(_ log: String) -> [String] {
        log.split(separator: "\n").filter { $0.hasPrefix("grantor: ") }.map(String.init)
    }

    @Test("a crash while a request is handled is one line with signal and plugin, before Swift's backtrace")
    func crashes() async throws {
        // Which signal a trap raises depends on the processor.
        let signals = ["null": ["SEGV"], "recursion": ["SEGV", "BUS"], "fatal": ["ILL", "TRAP"], "abort": ["ABRT"]]
        try await Folder.with { folder in
            try prepare(folder)
            for (way, names) in signals {
                let program = try await start(folder)
                _ = try? post(way, to: program)
                #expect(try await Patience.wait { !program.isRunning }, "\(way)")
                let (log, lines) = (program.log, lines(program.log))
                let line = try #require(lines.first, "\(way): \(log)")
                #expect(lines.count == 1 && names.contains { line.hasPrefix("grantor: crashed: SIG\($0)") }, "\(line)")
                #expect(line.contains(" in plugin 'it-ends', request '"), "\(line)")
                let backtrace = try #require(log.range(of: "Backtracing from"), "\(way): \(log)")
                let place = try #require(log.range(of: line))
                #expect(place.upperBound < backtrace.lowerBound, "\(way)")
                let numbers = ["SEGV": SIGSEGV, "BUS": SIGBUS, "ILL": SIGILL, "TRAP": SIGTRAP, "ABRT": SIGABRT]
                #expect(names.compactMap { numbers[$0] }.contains(program.stop()), "\(way)")
            }
        }
    }

    @Test("a plugin that calls exit(0) is named, and the status is not 0")
    func exits() async throws {
        try await Folder.with { folder in
            try prepare(folder)
            let program = try await start(folder)
            _ = try? post("exit", to: program)
            #expect(try await Patience.wait { !program.isRunning })
            let lines = lines(program.log)
            #expect(lines.count == 1, "\(program.log)")
            #expect(lines.first?.hasPrefix("grantor: ended: exit was called in plugin 'it-ends'") == true)
            #expect(program.stop() == EX_SOFTWARE)
        }
    }

    @Test("nothing that a plugin prints reaches standard output, at any time")
    func prints() async throws {
        try await Folder.with { folder in
            try prepare(folder)
            let program = try await start(folder)
            #expect(try post("print", to: program).status == 200)
            #expect(program.stop() == 0)
            for words in ["it prints", "it puts", "it writes"] {
                #expect(!program.output.contains(words) && program.log.contains(words), "\(words)")
            }
            let environment = ["IN_INIT": "print", "IN_CONSTRUCTOR": "print"]
            let checked = try Command.grantor("check", in: folder, environment: environment)
            #expect(checked.status == 0 && checked.output == "config.yaml is valid: 3 plugins, 1 client\n")
            for words in ["it prints early\n", "it prints\n", "it puts\n", "it writes\n"] {
                #expect(checked.errors.contains(words), "\(words)")
            }
            let shown = try Command.grantor(
                "plugins", "show", "it-ends", "--config", "config.yaml", in: folder, environment: environment)
            #expect(shown.status == 0 && shown.output.hasPrefix("it-ends ") && !shown.output.contains("it prints"))
        }
    }

    @Test("a crash or an exit while a plugin is loaded names the plugin, and the library if its own code ran")
    func loading() async throws {
        try await Folder.with { folder in
            try prepare(folder)
            let library = "in plugin 'it-ends', loading its library \(folder.path)/libit-ends.so"
            let create = "in plugin 'it-ends', running its 'init' and 'register'"
            let cases = [
                ("IN_CONSTRUCTOR", "abort", "grantor: crashed: SIGABRT \(library)", SIGABRT),
                ("IN_CONSTRUCTOR", "exit", "grantor: ended: exit was called \(library)", EX_SOFTWARE),
                ("IN_INIT", "null", "grantor: crashed: SIGSEGV \(create)", SIGSEGV),
                ("IN_INIT", "recursion", "grantor: crashed: SIGSEGV \(create)", SIGSEGV),
                ("IN_INIT", "exit", "grantor: ended: exit was called \(create)", EX_SOFTWARE),
            ]
            for (place, way, line, status) in cases {
                let ended = try Command.grantor("check", in: folder, environment: [place: way])
                #expect(lines(ended.errors) == [line] && ended.output.isEmpty, "\(place) \(way): \(ended.errors)")
                #expect(ended.status == status, "\(place) \(way)")
            }
        }
    }

    @Test("a library that does not return is named after five seconds")
    func hangs() async throws {
        try await Folder.with { folder in
            try prepare(folder)
            let ended = try Command.grantor("check", in: folder, environment: ["IN_CONSTRUCTOR": "sleep"])
            #expect(ended.status == 0)
            for words in ["loading plugin 'it-ends' takes long", "\(folder.path)/libit-ends.so"] {
                #expect(ended.errors.contains(words), "\(ended.errors)")
            }
        }
    }

    @Test("a file of the program does not become its standard output if it starts without one")
    func withoutOutput() async throws {
        try await Folder.with { folder in
            try prepare(folder)
            let ended = try Command.shell(
                "'\(Build.program)' check >&- 2> errors; echo $?; '\(Build.program)' version <&- >&- 2>&-; echo $?",
                in: folder, environment: ["IN_INIT": "print"])
            #expect(ended.output == "0\n0\n" && folder.read("errors").contains("it writes"), "\(ended)")
        }
    }
}
