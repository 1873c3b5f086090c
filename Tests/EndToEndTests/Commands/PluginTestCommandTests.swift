// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

@Suite("'grantor plugin test' checks a built library", .serialized, .timeLimit(.minutes(10)))
struct PluginTestCommandTests {
    /// A grant with a fault, which it has at each request or only for strange values.
    private static func grant(_ id: String, always: String = "", strange: String = "", inInit: String = "") -> String {
        """
        import Glibc

        struct Broken: Error {}
        struct It: Plugin, TokenGrant {
            static let manifest = PluginManifest(id: "\(id)", summary: "is tested", specification: "")
            let declaration = GrantDeclaration("urn:it", key: "it", client: .confidential)
            let parameters = [
                ParameterDeclaration("ticket", required: true, example: "t-1"), ParameterDeclaration("more"),
            ]
            let right: String
            init(settings: Settings, host: any PluginHost) throws {
                right = settings.read("right", default: "t-1", "the right ticket")
                _ = settings.read("tries", default: 3, in: 1...9, "tries")
                _ = settings.read("list", default: ["a"], "a list")
                \(inInit)
            }
            func register(in registry: inout Registry) { registry.add(grant: self) }
            func authorize(_ request: TokenRequest) async throws -> Authorization {
                let ticket = try request.parameters.required("ticket")
                \(always)
                if ticket.utf8.count > 20 { \(strange) }
                guard ticket == right else { throw OAuthError.invalidGrant(reason: "wrong") }
                return Authorization(subject: .client(request.client.id), limits: request.allowed)
            }
        }

        """
    }

    private func test(
        _ folder: Folder, _ source: String, _ id: String, _ options: String...
    ) throws -> Ended {
        let library = try Toolchain(folder: folder).build(id, source)
        return try Command.run(Build.program, ["plugin", "test", library] + options, in: folder)
    }

    @Test("one line for each rule, and a summary")
    func kept() async throws {
        try await Folder.with { folder in
            let ended = try test(folder, Self.grant("it-keeps"), "it-keeps")
            #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended)")
            let lines = ended.output.split(separator: "\n")
            #expect(lines.count > 8 && lines.dropLast().allSatisfy { $0.hasPrefix("ok      ") }, "\(ended)")
            #expect(lines.last == "it-keeps: keeps all \(lines.count - 1) rules", "\(ended)")
            #expect(ended.output.contains("ok      grant: it accepts the request that it is meant for"), "\(ended)")
        }
    }

    @Test("a broken rule is said in a sentence, and the status is 1")
    func broken() async throws {
        try await Folder.with { folder in
            let ended = try test(folder, Self.grant("it-breaks", strange: "throw Broken()"), "it-breaks")
            #expect(ended.status == 1, "\(ended)")
            #expect(ended.output.contains("BROKEN  grant: it answers strange values"), "\(ended)")
            #expect(ended.output.contains("it-breaks: breaks "), "\(ended)")
            #expect(ended.output.contains("ok      grant: it accepts"), "\(ended)")
        }
    }

    @Test("a rule that hangs is reported after its limit, and the others are checked", arguments: ["blocks", "waits"])
    func hangs(_ way: String) async throws {
        try await Folder.with { folder in
            let hang =
                way == "blocks"
                ? "while true { sleep(1) }" : "await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }"
            let ended = try test(folder, Self.grant("it-hangs", strange: hang), "it-hangs", "--limit", "2")
            #expect(ended.status == 1, "\(ended)")
            #expect(ended.output.contains("it does not end within 2 seconds"), "\(ended)")
            #expect(ended.output.contains("it-hangs: breaks "), "\(ended)")
        }
    }

    @Test("a plugin that hangs while it is made ends the command at the limit")
    func hangsInInit() async throws {
        try await Folder.with { folder in
            let source = Self.grant("it-begins", inInit: "while right.isEmpty == false { sleep(1) }")
            let ended = try test(folder, source, "it-begins", "--limit", "2")
            #expect(ended.status == 1, "\(ended)")
            #expect(
                ended.output.contains(
                    "BROKEN  plugin 'it-begins': its 'init' or 'register' does not end within 2 seconds"), "\(ended)")
        }
    }

    @Test("a trap and a call of 'exit' end it with a line that names the plugin and the rule")
    func ends() async throws {
        try await Folder.with { folder in
            let trap = try test(folder, Self.grant("it-traps", always: "fatalError(\"no\")"), "it-traps")
            let line = trap.errors.split(separator: "\n").first { $0.hasPrefix("grantor: crashed: SIG") } ?? ""
            #expect(trap.status != 0 && line.contains(" in plugin 'it-traps', rule 'grant: "), "\(trap)")
            let exit = try test(folder, Self.grant("it-exits", always: "exit(0)"), "it-exits")
            #expect(exit.status == 70 && exit.errors.contains("grantor: ended: exit was called in plugin"), "\(exit)")
        }
    }

    @Test("what the plugin prints is counted, and goes to standard error")
    func prints() async throws {
        try await Folder.with { folder in
            let loud = try test(
                folder, Self.grant("it-prints", strange: "print(\"twelve bytes\")", inInit: "print(\"made\")"),
                "it-prints")
            #expect(loud.status == 0 || loud.status == 1, "\(loud)")
            #expect(loud.output.contains(/note    while it was loaded, the plugin printed [0-9]+ bytes/), "\(loud)")
            #expect(!loud.output.contains("\ntwelve bytes") && !loud.output.contains("\nmade"), "\(loud)")
            #expect(loud.errors.contains("made"), "\(loud)")
        }
    }

    @Test("settings and parameters have the values of a configuration, and mistakes in them are refused")
    func options() async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build("it-reads", Self.grant("it-reads"))
            func run(_ options: String...) throws -> Ended {
                try Command.run(Build.program, ["plugin", "test", library] + options, in: folder)
            }
            let other = try run("--setting", "right=x y", "--setting", "tries=9", "--setting", "list=[a, b]")
            #expect(other.status == 1 && other.output.contains("BROKEN  grant: it accepts"), "\(other)")
            for word in ["it.ticket=x y", "urn:it.ticket=x y", "ticket=x y"] {
                let right = try run("--setting", "right=x y", "--with", word)
                #expect(right.status == 0, "\(word): \(right)")
            }
            for (options, message) in [
                (["--setting", "tries=10"], "'tries' must be from 1 to 9"),
                (["--setting", "tries=many"], "'tries' must be a whole number"),
                (["--setting", "trys=3"], "did you mean 'tries'?"), (["--setting", "tries"], "has no value"),
                (["--setting", "tries=1", "--setting", "tries=2"], "'--setting tries' is given twice"),
                (["--with", "ticket"], "has no value"), (["--with", "tickets=1"], "has no parameter 'tickets'"),
                (["--with", "other.ticket=1"], "must name a grant of the plugin"),
            ] {
                let ended = try Command.run(Build.program, ["plugin", "test", library] + options, in: folder)
                #expect(ended.status != 0 && ended.errors.contains(message), "\(options): \(ended)")
                #expect(ended.output.isEmpty, "\(options): \(ended)")
            }
        }
    }

    @Test("a file that is not a plugin, or not of this kit, is refused like in a server")
    func refused() async throws {
        try await Folder.with { folder in
            try folder.write("libno-plugin.so", "no library")
            try folder.write("other.so", "no library")
            for (name, message) in [
                ("libmissing.so", "cannot be found"), ("other.so", "whose name is 'lib<id>.so'"),
                ("libno-plugin.so", "libno-plugin.so"),
            ] {
                let ended = try Command.grantor("plugin", "test", name, in: folder)
                #expect(ended.status == 1 && ended.errors.contains(message), "\(name): \(ended)")
            }
            let library = try Toolchain(folder: folder).build("it-keeps", Self.grant("it-keeps"))
            _ = try Command.shell("chmod o+w '\(library)'", in: folder)
            let open = try Command.run(Build.program, ["plugin", "test", library], in: folder)
            #expect(open.status == 1 && open.errors.contains("can be changed by other users"), "\(open)")
        }
    }
}
