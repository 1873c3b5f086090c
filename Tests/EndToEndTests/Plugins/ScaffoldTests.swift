// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite(
    "'grantor plugin new' writes packages that build, pass and load as they are", .serialized, .timeLimit(.minutes(15)))
struct ScaffoldTests {
    /// One folder for all builds here, one after another, so that the kit is compiled once.
    private static let scratch = "\(Build.root)/.build-examples"
    private static let kinds = ["grant", "format", "store", "endpoint", "step", "filter", "claims", "events"]

    private func build(_ command: String, _ package: String, in folder: Folder) throws -> String {
        let ended = try Command.shell(
            "\(command) --package-path '\(package)' --scratch-path '\(Self.scratch)' 2>&1", in: folder)
        #expect(ended.status == 0, "\(ended.output)")
        // A diagnostic begins with the path of the file.
        #expect(!ended.output.contains("\(package)/"), "\(ended.output)")
        return ended.output
    }

    // MARK: the walk of somebody who writes a grant

    private func configuration(_ library: String, more: String = "") -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - plugin: badge-grant
            library: \(library)
            settings: { limit: 3 }
            \(more)
        clients: [{ id: gate, secret: the secret of the gate, grant_types: [badge-grant], scope: [read] }]
        """
    }

    @Test("a grant is built, tested, checked, loaded and pinned without a change, and counts")
    func grant() async throws {
        try await Folder.with { folder in
            let written = try Command.grantor("plugin", "new", "badge-grant", in: folder)
            #expect(written.status == 0 && written.output.contains("Sources/BadgeGrant/BadgeGrant.swift"), "\(written)")
            #expect(written.output.contains("swift test"), "\(written)")
            let again = try Command.grantor("plugin", "new", "badge-grant", in: folder)
            #expect(again.status == 1 && again.errors.contains("is not empty, so nothing was written"), "\(again)")

            let package = "\(folder.path)/badge-grant"
            #expect(try build("swift test", package, in: folder).contains("Test run with"))
            _ = try build("swift build", package, in: folder)
            let library = "\(Self.scratch)/debug/libbadge-grant.so"
            let tested = try Command.grantor("plugin", "test", library, in: folder)
            #expect(tested.status == 0 && tested.output.contains("badge-grant: keeps all"), "\(tested)")
            #expect(!tested.output.contains("BROKEN") && !tested.output.contains("note  "), "\(tested)")
            try await serve(library, in: folder)
        }
    }

    private func serve(_ library: String, in folder: Folder) async throws {
        let digest = try Command.shell("sha256sum '\(library)' | cut -d' ' -f1 | tr -d '\\n'", in: folder).output
        try folder.write("config.yaml", configuration(library, more: "sha256: \(digest)"))
        let shown = try Command.grantor("plugins", "show", "badge-grant", "--config", "config.yaml", in: folder)
        #expect(shown.output.contains(digest) && shown.output.contains("limit"), "\(shown)")
        #expect(try Command.grantor("check", in: folder).status == 0)
        let program = try await Program.start(folder, secrets: ["the secret of the gate"])
        let show = { (badge: String) in
            try program.post(
                "/auth/token", [("grant_type", "urn:example:badge-grant"), ("badge", badge)],
                as: ("gate", "the secret of the gate"))
        }
        for _ in 1...3 { #expect(try show("a").status == 200) }
        let refused = try show("a")
        #expect(refused.status == 429 && refused.header("retry-after").flatMap { Int($0) } ?? 0 > 86000)
        #expect(try show("b").status == 200)
        #expect(program.stop() == 0)
        try folder.write("config.yaml", configuration(library, more: "sha256: \(String(repeating: "ab", count: 32))"))
        let pinned = try Command.grantor("check", in: folder)
        #expect(pinned.status == 78 && pinned.errors.contains("the configuration pins abab"), "\(pinned)")
    }

    // MARK: every kind

    /// One package for all kinds, which takes much less time than eight.
    private func umbrella(_ ids: [(kind: String, id: String, module: String)], in folder: Folder) throws -> String {
        let products = ids.map { ".library(name: \"\($0.id)\", type: .dynamic, targets: [\"\($0.module)\"])" }
        let kit = [".product(name: \"GrantKit\", package: \"GrantKit\")"]
        let testing = kit + [".product(name: \"GrantKitTesting\", package: \"GrantKitTesting\")"]
        let targets = ids.flatMap { row in
            [
                """
                .target(name: "\(row.module)", dependencies: [\(kit[0])], path: "\(row.id)/Sources/\(row.module)",
                    swiftSettings: [.strictMemorySafety()])
                """,
                """
                .testTarget(name: "\(row.module)Tests", dependencies: ["\(row.module)", \(testing.joined(separator: ", "))],
                    path: "\(row.id)/Tests/\(row.module)Tests")
                """,
            ]
        }
        let package = "\(folder.path)/kinds"
        try folder.write(
            "kinds/Package.swift",
            """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "Kinds",
                products: [\(products.joined(separator: ", "))],
                dependencies: [
                    .package(name: "GrantKit", path: "\(Build.root)/Sources/GrantKit"),
                    .package(name: "GrantKitTesting", path: "\(Build.root)/Sources/GrantKit/Testing"),
                ],
                targets: [\(targets.joined(separator: ", "))],
                swiftLanguageModes: [.v6]
            )
            """)
        return package
    }

    @Test("every kind builds without a warning, passes its tests and keeps the rules of the kit")
    func kinds() async throws {
        try await Folder.with { folder in
            let ids = Self.kinds.map { (kind: $0, id: "new-\($0)-1", module: "New\($0.capitalized)1") }
            var options: [String: String] = [:]
            for (kind, id, _) in ids {
                let written = try Command.grantor(
                    "plugin", "new", id, "--kind", kind, "--path", "kinds/\(id)", "--kit", Build.root, in: folder)
                #expect(written.status == 0, "\(written)")
                let command = written.output.firstMatch(of: /plugin test \.build\/debug\/lib[a-z0-9-]+\.so(.*)\n/)
                options[id] = command.map { String($0.1) }
            }
            let package = try umbrella(ids, in: folder)
            #expect(try build("swift test", package, in: folder).contains("Test run with"))
            _ = try build("swift build", package, in: folder)
            for (_, id, _) in ids {
                // As the command tells its users.
                let tested = try Command.shell(
                    "'\(Build.program)' plugin test '\(Self.scratch)/debug/lib\(id).so' \(options[id] ?? "")",
                    in: folder)
                #expect(tested.status == 0 && tested.output.contains("\(id): "), "\(tested)")
                #expect(!tested.output.contains("BROKEN") && !tested.output.contains("note  "), "\(tested)")
            }
            for (kind, id, _) in ids { try await load(kind, id, in: folder) }
        }
    }

    /// Checks and starts a server with a plugin, and with as many others as it needs.
    private func load(_ kind: String, _ id: String, in folder: Folder) async throws {
        var plugins = [
            "authorization-code", "password-login", "{ plugin: \(id), library: \(Self.scratch)/debug/lib\(id).so }",
        ]
        if kind != "store" { plugins.append("memory-store") }
        if kind != "format" { plugins.append("jwt-token") }
        try folder.write(
            "config.yaml",
            """
            issuer: http://127.0.0.1:8080
            listen: { port: 0 }
            plugins: [\(plugins.joined(separator: ", "))]
            clients: []
            """)
        let checked = try Command.grantor("check", in: folder)
        #expect(checked.status == 0, "\(kind): \(checked)")
        let program = try await Program.start(folder)
        #expect(program.stop() == 0, "\(kind)")
    }

    // MARK: names and places

    @Test(
        "an id that cannot be used is refused, and nothing is written",
        arguments: [
            ("Badge", "use lower-case letters, digits and single hyphens"), ("a--b", "single hyphens"),
            ("2fa", "begin with a letter"), ("jwt-token", "comes with the server"),
            (String(repeating: "a", count: 65), "at most 64"),
        ])
    func refused(_ id: String, _ message: String) async throws {
        try await Folder.with { folder in
            let ended = try Command.grantor("plugin", "new", id, "--path", "here", in: folder)
            #expect(ended.status == 1 && ended.errors.contains(message), "\(ended)")
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/here"))
        }
    }

    @Test("a kit is found from the program, named by an option, or missed with advice")
    func kit() async throws {
        try await Folder.with { folder in
            let missing = try Command.grantor("plugin", "new", "a-b", "--kit", "nowhere", in: folder)
            #expect(missing.status == 1 && missing.errors.contains("there is no kit at 'nowhere'"), "\(missing)")
            _ = try Command.shell("cp -L '\(Build.program)' copy", in: folder)
            let alone = try Command.shell(
                "LD_LIBRARY_PATH='\(Build.products)' ./copy plugin new a-b", in: folder)
            #expect(alone.status == 1 && alone.errors.contains("clone it, and add --kit"), "\(alone)")
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/a-b"))
        }
    }

    @Test("SwiftPM reads the path of the kit whatever it contains")
    func oddPath() async throws {
        try await Folder.with { folder in
            let kit = "\(folder.path)/a \"b\" \\(c) é 😀/kit"
            try FileManager.default.createDirectory(
                atPath: "\(kit)/Testing", withIntermediateDirectories: true)
            for file in ["Package.swift", "Testing/Package.swift"] {
                try "".write(toFile: "\(kit)/\(file)", atomically: true, encoding: .utf8)
            }
            for place in ["badge", "deep/er/badge"] {
                let written = try Command.run(
                    Build.program, ["plugin", "new", "badge-grant", "--path", place, "--kit", kit], in: folder)
                #expect(written.status == 0, "\(written)")
                let source = folder.read("\(place)/Package.swift")
                #expect(source.contains("path: \"../a ") == (place == "badge"), "\(source)")
                let dumped = try Command.shell("swift package --package-path \(place) dump-package", in: folder)
                let path = try JSON(parsing: dumped.output, depth: 64)["dependencies"]?.elements.first?["fileSystem"]?
                    .elements.first?["path"]?.string
                #expect(path == kit, "\(dumped)")
            }
        }
    }
}
