// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

/// Compiles third-party plugins against the built kit, or against a future kit.
struct Toolchain {
    let folder: Folder

    private static let swiftc = "swiftc -swift-version 6 -emit-library -parse-as-library"

    /// The header and the module map of the handshake, in the kit's own folder.
    private static let handshake =
        "-Xcc -I -Xcc '\(Build.root)/Sources/GrantKit/Sources/CPluginABI/include' "
        + "-Xcc -fmodule-map-file='\(Build.products)/CPluginABI.build/module.modulemap'"

    /// Builds a plugin from one file, and from object files if it has any.
    func build(
        _ id: String, _ source: String, kit: String = Build.products, modules: String = "\(Build.products)/Modules",
        objects: String = ""
    ) throws -> String {
        let name = id.replacing("-", with: "_")
        let entry = """

            @c(\(name)_plugin_abi) public func \(name)ABI() -> UnsafeRawPointer? { grantor_plugin_abi() }
            @c(\(name)_plugin_make) public func \(name)Make() -> UnsafeMutableRawPointer { PluginExport.make(It.self) }
            """
        try folder.write("\(name).swift", "import CPluginABI\nimport GrantKit\n" + source + entry)
        let library = "\(folder.path)/lib\(id).so"
        try run(
            "\(Toolchain.swiftc) -module-name \(name) -I '\(modules)' \(Toolchain.handshake) -L '\(kit)' -lGrantKit -o '\(library)' \(name).swift \(objects)"
        )
        return library
    }

    /// Builds the kit with an addition, into a separate folder.
    func futureKit(_ addition: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(folder.path)/kit", withIntermediateDirectories: true)
        try folder.write("kit/Future.swift", addition)
        try run(
            "\(Toolchain.swiftc) -enable-library-evolution -enable-upcoming-feature NonisolatedNonsendingByDefault "
                + "-emit-module -module-name GrantKit -o kit/libGrantKit.so "
                + "-emit-module-path kit/GrantKit.swiftmodule -Xlinker -soname=libGrantKit.so "
                + "'\(Build.root)'/Sources/GrantKit/Sources/GrantKit/*/*.swift kit/Future.swift")
        return "\(folder.path)/kit"
    }

    private func run(_ line: String) throws {
        let ended = try Command.shell(line, in: folder)
        guard ended.status == 0 else { throw ConfigurationError("\(line)\n\(ended.output)\(ended.errors)") }
    }
}

@Suite("Third-party plugins, built outside of the repository", .serialized, .timeLimit(.minutes(10)))
struct ForeignPluginTests {
    private func configuration(_ id: String, _ library: String, clients: String = "[]", more: String = "") -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - plugin: \(id)
            library: \(library)
            \(more)
        clients: \(clients)
        """
    }

    private static func grant(_ id: String, _ wire: String, _ before: String = "", uses: String = "") -> String {
        """
        \(before)
        struct It: Plugin, TokenGrant {
            static let manifest = PluginManifest(id: "\(id)", summary: "", specification: "")
            let declaration = GrantDeclaration("\(wire)", client: .confidential)
            init(settings: Settings, host: any PluginHost) throws { \(uses) }
            func register(in registry: inout Registry) { registry.add(grant: self) }
            func authorize(_ request: TokenRequest) async throws -> Authorization {
                Authorization(subject: .client(request.client.id), limits: request.allowed)
            }
        }
        """
    }

    @Test("a plugin whose names are all random is served by the program")
    func random() async throws {
        try await Folder.with { folder in
            let word = "x" + String((0..<10).compactMap { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() })
            let library = try Toolchain(folder: folder).build(word, ForeignPluginTests.grant(word, "urn:\(word)"))
            let first = "{ id: b, secret: the secret of b, grant_types: [client_credentials] }"
            let client = "[\(first), { id: a, secret: the secret of a, grant_types: ['urn:\(word)'] }]"
            try folder.write("config.yaml", configuration(word, library, clients: client))
            let program = try await Program.start(folder, secrets: ["the secret of a"])
            let request = "Get a token:\n  curl -s -u a -d grant_type=urn:\(word) "
            #expect(
                try await Patience.wait { program.output.contains(request) },
                "the grant that somebody has added is shown, not that of the first client: \(program.output)")
            let answer = try program.post("/auth/token", [("grant_type", "urn:\(word)")], as: ("a", "the secret of a"))
            #expect(answer.status == 200 && answer["access_token"] != nil)
            #expect(try program.get("/.well-known/oauth-authorization-server").body.contains("urn:\(word)"))
            let tried = try Command.grantor(
                "try", "urn:\(word)", "--server", "http://127.0.0.1:\(program.port)", in: folder)
            #expect(tried.status == 0 && tried.output.contains("\"access_token\""), "\(tried)")
            #expect(program.stop() == 0)
        }
    }

    @Test("a plugin that throws, takes a used name or has another id prevents the start with one message")
    func refused() async throws {
        try await Folder.with { folder in
            let toolchain = Toolchain(folder: folder)
            let cases = [
                (
                    "it-throws",
                    ForeignPluginTests.grant(
                        "it-throws", "it", uses: "throw ConfigurationError(\"the moon is not full\")"),
                    "plugin 'it-throws': the moon is not full"
                ),
                (
                    "it-takes", ForeignPluginTests.grant("it-takes", "client_credentials"),
                    "plugin 'it-takes' adds the grant 'client_credentials', which plugin 'client-credentials' adds too"
                ),
                (
                    "it-lies", ForeignPluginTests.grant("it-differs", "it"),
                    "contains the plugin 'it-differs', not 'it-lies'"
                ),
                (
                    "it-breaks",
                    ForeignPluginTests.grant("it-breaks", "it", "struct Nope: Error {}", uses: "throw Nope()"),
                    "plugin 'it-breaks' cannot be used: its 'init' or 'register' threw: Nope()"
                ),
            ]
            for (id, source, message) in cases {
                try folder.write("config.yaml", configuration(id, try toolchain.build(id, source)))
                let ended = try Command.grantor("serve", in: folder)
                #expect(ended.status == 78 && ended.errors.contains(message), "\(ended.errors)")
                #expect(ended.errors.contains("named after 'it-lies', so the plugin's author") == (id == "it-lies"))
                #expect(ended.errors.contains("load one of them, or ask the author") == (id == "it-takes"))
            }
        }
    }

    @Test("a plugin whose start throws is named, with what it threw")
    func throwsAtStart() async throws {
        try await Folder.with { folder in
            let source = ForeignPluginTests.grant("it-stalls", "it", "struct Nope: Error {}").replacing(
                "func register", with: "func start() async throws { throw Nope() }\n    func register")
            try folder.write(
                "config.yaml", configuration("it-stalls", try Toolchain(folder: folder).build("it-stalls", source)))
            let ended = try Command.grantor("serve", in: folder)
            let message = "Error: plugin 'it-stalls' failed to start: its 'start' threw: Nope()"
            #expect(ended.status == 1 && ended.errors.contains(message), "\(ended)")
        }
    }

    @Test("a plugin built with a newer kit that uses what this server lacks")
    func newer() async throws {
        try await Folder.with { folder in
            let toolchain = Toolchain(folder: folder)
            let kit = try toolchain.futureKit("public func fromTheFuture() -> Int { 7 }\n")
            let source = ForeignPluginTests.grant("it-hurries", "it", uses: "_ = fromTheFuture()")
            let library = try toolchain.build("it-hurries", source, kit: kit, modules: kit)
            try folder.write("config.yaml", configuration("it-hurries", library))
            let ended = try Command.grantor("check", in: folder)
            #expect(
                ended.status == 78 && ended.errors.contains("plugin 'it-hurries' cannot be loaded:"), "\(ended.errors)")
            #expect(ended.errors.contains("undefined symbol"))
        }
    }

    @Test("a plugin built with this kit runs on a newer one without a rebuild")
    func older() async throws {
        try await Folder.with { folder in
            let toolchain = Toolchain(folder: folder)
            _ = try toolchain.build("it-lasts", ForeignPluginTests.grant("it-lasts", "it-lasts"))
            let kit = try toolchain.futureKit(
                "extension TokenGrant { public var isNew: Bool { true } }\npublic struct Added { public var more = 1 }\n"
            )
            try folder.write(
                "config.yaml",
                configuration(
                    "it-lasts", "\(folder.path)/libit-lasts.so",
                    clients: "[{ id: a, secret: the secret of a, grant_types: [it-lasts] }]"))
            let program = try await Program.start(
                folder, secrets: ["the secret of a"], environment: ["LD_LIBRARY_PATH": kit])
            let maps = try Command.shell("grep -c '\(kit)/libGrantKit.so' /proc/\(program.pid)/maps", in: folder)
            #expect(
                (Int(maps.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 0,
                "the newer kit must be the one that runs")
            #expect(
                try program.post("/auth/token", [("grant_type", "it-lasts")], as: ("a", "the secret of a")).status
                    == 200)
            #expect(program.stop() == 0)
        }
    }

    @Test("the example package passes its tests, loads from its build folder, and its vouchers work once")
    func example() async throws {
        try await Folder.with { folder in
            let library = try ExamplePackage(folder: "VoucherGrant", library: "voucher-grant").build(in: folder)
            let client = "[{ id: shop, secret: the secret of the shop, grant_types: [voucher], scope: [read] }]"
            try folder.write(
                "config.yaml",
                configuration("voucher-grant", library, clients: client, more: "settings: { series: spring }"))
            let program = try await Program.start(folder, secrets: ["the secret of the shop"])
            let redeem = { (voucher: String) in
                try program.post(
                    "/auth/token", [("grant_type", "urn:example:voucher"), ("voucher", voucher)],
                    as: ("shop", "the secret of the shop"))
            }
            // The voucher is a secret, so there is no example of it.
            let shown = try await Patience.wait { program.output.hasSuffix("Get a token:\n  grantor try voucher\n") }
            #expect(shown, "\(program.output)")
            #expect(try redeem("spring-1").status == 200)
            #expect(try redeem("spring-1")["error"] == "invalid_grant")
            #expect(try redeem("spring-2").status == 200)
            #expect(try redeem("autumn-1")["error"] == "invalid_grant")
            let tried = try Command.grantor(
                "try", "voucher", "--with", "voucher=spring-3", "--server", "http://127.0.0.1:\(program.port)",
                in: folder)
            #expect(tried.status == 0 && tried.output.contains("HTTP 200"), "\(tried)")
            #expect(tried.output.contains("grant_type=urn:example:voucher"))
            #expect(try redeem("spring-3")["error"] == "invalid_grant", "it was redeemed by trying")
            #expect(program.stop() == 0)
        }
    }

    @Test("a library with a pinned digest loads, and a changed one does not")
    func pinned() async throws {
        try await Folder.with { folder in
            let library = try Toolchain(folder: folder).build(
                "it-stays", ForeignPluginTests.grant("it-stays", "it-stays"))
            let digest = try Command.shell("sha256sum '\(library)' | cut -d' ' -f1 | tr -d '\\n'", in: folder).output
            try folder.write("config.yaml", configuration("it-stays", library, more: "sha256: \(digest)"))
            #expect(try Command.grantor("check", in: folder).status == 0)
            _ = try Command.shell("printf x >> '\(library)'", in: folder)
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 78 && ended.errors.contains("the configuration pins \(digest)"))
        }
    }
}
