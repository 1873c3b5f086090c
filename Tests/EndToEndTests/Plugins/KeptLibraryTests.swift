// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

@testable import PluginLoading

@Suite("The libraries of each version of the kit are kept", .timeLimit(.minutes(10)))
struct KeptKitTests {
    @Test("kit 0.2 was the first")
    func first() {
        #expect(KeptKit.versions.contains("0.2"))
    }

    @Test("the libraries are those of the list, small, and of their version", arguments: KeptKit.versions)
    func list(_ version: String) throws {
        let kept = try KeptKit(version)
        let names = kept.libraries.map(\.name).sorted()
        #expect(names == ["libclaims-http.so", "libnetwork-policy.so", "libvoucher-grant.so"])
        for library in kept.libraries {
            let path = "\(kept.folder)/\(library.name)"
            let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
            #expect(size == library.size && size < 250_000, "\(library.name): \(size)")
            #expect(try PluginLibrary.digest(of: path, sha256: Digest.sha256) == library.digest, "\(library.name)")
            let block = try ABIBlock.read(fromFileAt: path)
            #expect(block.kit == version && block.compiler == kept.compiler, "\(library.name)")
        }
    }

    /// Changes the version of the kit in the handshake of a library.
    private func change(_ path: String, major: UInt32, minor: UInt32) throws {
        let file = URL(fileURLWithPath: path)
        var bytes = [UInt8](try Data(contentsOf: file))
        let start = Array("GRANTOR\0".utf8) + [136, 0, 0, 0]
        let place = try #require(bytes.firstRange(of: start)?.upperBound)
        let version = [major, minor].flatMap { number in (0..<4).map { UInt8(number >> ($0 * 8) & 0xFF) } }
        bytes.replaceSubrange(place..<place + 8, with: version)
        try Data(bytes).write(to: file)
    }

    @Test("a library of a newer kit, of another major version or of a kit that was not kept is refused before it runs")
    func refused() async throws {
        let server = try #require(ABIBlock.server)
        let (newer, major) = ("\(server.major).\(server.minor + 1)", server.major + 1)
        let cases: [(UInt32, UInt32, String, String)] = [
            (
                server.major, server.minor + 1, "needs kit \(newer) or newer, but this server has \(server.kit)",
                "update the server, or use an older build of the plugin"
            ),
            (
                major, 0, "was built with kit \(major).0, but this server has \(server.kit)",
                "use a build of the plugin for kit"
            ),
            (0, 1, "was built with kit 0.1, but this server has \(server.kit)", "use a build of the plugin for kit"),
        ]
        for (major, minor, message, note) in cases {
            try await Folder.with { folder in
                try KeptKit("0.2").copy("voucher-grant", to: folder)
                let library = "\(folder.path)/libvoucher-grant.so"
                try change(library, major: major, minor: minor)
                try folder.write(
                    "config.yaml",
                    """
                    issuer: http://127.0.0.1:8080
                    plugins:
                      - memory-store
                      - jwt-token
                      - { plugin: voucher-grant, library: \(library), settings: { series: spring } }
                    """)
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 78 && ended.errors.contains("plugin 'voucher-grant' \(message)"), "\(ended)")
                #expect(ended.errors.contains(note), "\(ended.errors)")
            }
        }
    }
}

@Suite(
    "Plugins of earlier versions of the kit do their work in this server",
    .enabled(if: KeptKit.foreign == nil, Comment(rawValue: KeptKit.foreign ?? "")), .serialized,
    .timeLimit(.minutes(10)))
struct KeptLibraryTests {
    private static let secret = "the secret of the shop"

    private func configuration(_ folder: Folder, _ port: UInt16) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - introspection
          - plugin: voucher-grant
            library: \(folder.path)/libvoucher-grant.so
            settings: { series: spring }
          - plugin: network-policy
            library: \(folder.path)/libnetwork-policy.so
          - plugin: claims-http
            library: \(folder.path)/libclaims-http.so
            settings:
              url: http://127.0.0.1:\(port)/claims
              credential: the-token-of-this-server
              claims: [tier]
        clients:
          - id: shop
            secret: \(Self.secret)
            grant_types: [voucher, client_credentials]
            scope: [read]
            auth: { client_credentials: { rate: 2/h } }
        """
    }

    private func redeem(_ voucher: String, _ program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token", [("grant_type", "urn:example:voucher"), ("voucher", voucher)], as: ("shop", Self.secret))
    }

    @Test("a voucher works once, requests are limited, and tokens have claims", arguments: KeptKit.versions)
    func work(_ version: String) async throws {
        let kept = try KeptKit(version)
        try await Folder.with { folder in
            for id in ["voucher-grant", "network-policy", "claims-http"] { try kept.copy(id, to: folder) }
            let service = try OtherServer { _ in OtherServer.reply("200 OK", body: #"{"tier": "gold"}"#) }
            try folder.write("config.yaml", configuration(folder, service.port))
            let program = try await Program.start(folder, secrets: [Self.secret, "the-token-of-this-server"])

            let redeemed = try redeem("spring-1", program)
            let token = try #require(redeemed["access_token"], "\(redeemed)")
            #expect(try redeem("spring-1", program)["error"] == "invalid_grant")
            #expect(try redeem("autumn-1", program)["error"] == "invalid_grant")

            let told = try program.post("/auth/introspect", [("token", token)], as: ("shop", Self.secret))
            #expect(told.json["active"] == true && told["tier"] == "gold", "\(told)")

            for _ in 1...2 { #expect(try program.token("shop", Self.secret).status == 200) }
            let many = try program.token("shop", Self.secret)
            #expect(many.status == 429 && many.header("retry-after") != nil, "\(many)")

            #expect(program.stop() == 0)
        }
    }
}
