// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@Suite("The example of claims from a service, built outside of the repository", .timeLimit(.minutes(10)))
struct ClaimsHTTPTests {
    private static let secret = "the secret of the orders"

    private func configuration(_ library: String, _ port: UInt16, _ more: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - introspection
          - plugin: claims-http
            library: \(library)
            settings:
              url: http://127.0.0.1:\(port)/claims
              credential: the-token-of-this-server
              claims: [tier]
              \(more)
        clients:
          - { id: orders, secret: \(Self.secret), grant_types: [client_credentials], scope: [read] }
        """
    }

    private func ask(_ program: Program) throws -> HTTPAnswer {
        try program.post("/auth/token", [("grant_type", "client_credentials")], as: ("orders", Self.secret))
    }

    @Test("its tests pass, and a token has the claims that the service gives and no others")
    func example() async throws {
        try await Folder.with { folder in
            let library = try ExamplePackage(folder: "ClaimsHTTP", library: "claims-http").build(in: folder)
            let isDown = Mutex(false)
            let service = try OtherServer { request in
                if isDown.withLock({ $0 }) { return OtherServer.reply("500 Internal Server Error") }
                return OtherServer.reply("200 OK", body: #"{"tier": "gold", "sub": "mallory"}"#)
            }
            try folder.write("config.yaml", configuration(library, service.port, "cache: 1h"))
            let program = try await Program.start(folder, secrets: [Self.secret, "the-token-of-this-server"])
            let token = try #require(try ask(program)["access_token"])
            let told = try program.post("/auth/introspect", [("token", token)], as: ("orders", Self.secret))
            #expect(told["tier"] == "gold" && told["sub"] == "orders")
            let asked = service.requests.count
            _ = try ask(program)
            #expect(service.requests.count == asked, "the answer is kept")
            let sent = service.requests.first ?? ""
            #expect(sent.contains("Bearer the-token-of-this-server") && sent.contains(#""client_id":"orders""#))
            #expect(program.stop() == 0)

            isDown.withLock { $0 = true }
            let closed = try await Program.start(folder, secrets: [Self.secret, "the-token-of-this-server"])
            #expect(try ask(closed).status == 503)
            #expect(closed.stop() == 0)
            try folder.write("config.yaml", configuration(library, service.port, "optional: true"))
            let open = try await Program.start(folder, secrets: [Self.secret, "the-token-of-this-server"])
            let bare = try #require(try ask(open)["access_token"])
            let without = try open.post("/auth/introspect", [("token", bare)], as: ("orders", Self.secret))
            #expect(without["tier"] == nil && without.json["active"] == true)
            #expect(open.stop() == 0)
        }
    }
}
