// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("An origin of a client matches what browsers send, however it is written", .timeLimit(.minutes(10)))
struct ClientOriginTests {
    struct Spelling: Sendable {
        let written: String
        let sent: String
    }

    /// All spellings of some origins: parts in capitals, and the default port written out.
    static let spellings: [Spelling] = [("https", "app.example.com", "443"), ("http", "[2001:db8::a]", "80")].flatMap {
        (scheme, host, usual) in
        ["", ":8443", ":\(usual)"].flatMap { port in
            (0..<4).map { capitals in
                let written = [scheme, host].enumerated().map { capitals >> $0 & 1 == 1 ? $1.uppercased() : $1 }
                let sent = port == ":\(usual)" ? "" : port
                return Spelling(
                    written: "\(written[0])://\(written[1])\(port)", sent: "\(scheme)://\(host)\(sent)")
            }
        }
    }

    private static func client(_ origin: String, isActive: Bool = true) -> JSON {
        var document = StoredClientTests.orders
        document["allowed_origins"] = [.string(origin)]
        document["active"] = .bool(isActive)
        return document
    }

    private static func isAllowed(_ origin: String, _ server: TestServer) async -> Bool {
        let headers = [(name: "origin", value: origin), (name: "access-control-request-method", value: "POST")]
        return await server.send("OPTIONS", "/auth/token", headers: headers).status == 204
    }

    private static func server(declaring clients: [JSON] = []) async throws -> TestServer {
        let service = StoredClientTests.simple(["id": "plain", "secret": "x"])
        return try await TestServer(StoredClientTests.plugins, clients: [service] + clients)
    }

    /// The number of rows for the spellings of an origin.
    private static func rows(_ spelling: Spelling, _ server: TestServer) async throws -> Int {
        var count = 0
        for origin in Set([spelling.written, spelling.sent]) {
            count += try await server.core.store.find(
                "client_origin", by: "origin", equals: origin, after: nil, limit: 9
            ).count
        }
        return count
    }

    @Test("a declared client has its origin in every spelling, except while it is inactive", arguments: spellings)
    func declared(_ spelling: Spelling) async throws {
        for isActive in [true, false] {
            var client = Self.client(spelling.written, isActive: isActive)
            client["secret"] = "x"
            let server = try await Self.server(declaring: [client])
            #expect(await Self.isAllowed(spelling.sent, server) == isActive)
        }
    }

    @Test("a client in the store has its origin in every spelling, except while it is inactive", arguments: spellings)
    func stored(_ spelling: Spelling) async throws {
        let server = try await Self.server()
        let (active, inactive) = (Self.client(spelling.written), Self.client(spelling.written, isActive: false))
        for (first, then) in [(active, inactive), (inactive, active)] {
            _ = try await server.storedClients.create(first)
            for document in [first, then, first, then, then] {
                _ = try await server.storedClients.replace("orders", with: document, if: .any)
                #expect(await Self.isAllowed(spelling.sent, server) == (document["active"] == true))
            }
            _ = try await server.storedClients.delete("orders", if: .any)
            #expect(try await Self.rows(spelling, server) == 0)
        }
    }

    @Test(
        "the row of an earlier version, with the origin as written, goes with the next change or the client",
        arguments: spellings, [true, false])
    func former(_ spelling: Spelling, _ isActive: Bool) async throws {
        let server = try await Self.server()
        let document = Self.client(spelling.written, isActive: isActive)
        for isRemoved in [false, true] {
            _ = try await server.storedClients.create(document)
            let client = try #require(try await server.storedClients.stored("orders"))
            let cryptography = SystemCryptography()
            let row = client.originRecord(spelling.written, cryptography)
            _ = try await server.core.store.write(client.originKeys(cryptography).map { .delete($0) })
            #expect(try await server.core.store.write([.create(row)]) == .committed)
            if !isRemoved {
                _ = try await server.storedClients.replace("orders", with: document, if: .any)
                #expect(await Self.isAllowed(spelling.sent, server) == isActive)
                #expect(try await Self.rows(spelling, server) == (isActive ? 1 : 0))
            }
            _ = try await server.storedClients.delete("orders", if: .any)
            #expect(try await Self.rows(spelling, server) == 0)
        }
    }
}
