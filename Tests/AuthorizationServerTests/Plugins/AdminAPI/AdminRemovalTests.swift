// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Deletions that were interrupted between their two writes", .timeLimit(.minutes(10)))
struct AdminRemovalTests {
    @Test(
        "a half-deleted document does not exist, and can be created again with the same names",
        arguments: AdminAPITests.kinds)
    func halfRemoved(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        var document: JSON = ["id": "orders", "email": "o@example.com", "userName": "Orders"]
        if kind == "Client" {
            document = AdminAPITests.orders
            document["allowed_origins"] = ["https://shop.example.com"]
        }
        let item = "/\(kind)/orders"
        let made = await server.admin("PUT", item, document, token: token)
        #expect(made.status == 201)
        let store = server.core.store
        var record = try #require(try await store.read(StoreKey(kind.lowercased(), "orders")))
        record.value["removed"] = true
        #expect(try await store.write([.replace(record, ifVersion: record.version)]) == .committed)
        for method in ["GET", "PATCH", "DELETE"] {
            #expect(await server.admin(method, item, method == "PATCH" ? [:] : nil, token: token).status == 404)
        }
        let listed = await server.admin("GET", "/\(kind)", token: token)
        #expect(!listed.json.text.contains("\"orders\""))
        let settings = ServerSettings(issuer: server.core.issuer, clients: [["id": "orders"]])
        #expect(try await Identifiers.conflicts(with: settings, in: store, SystemCryptography()).isEmpty)
        let again = await server.admin("PUT", item, document, token: token)
        #expect(again.status == 201 && again.header("etag") != made.header("etag"), "\(again.json.text)")
        #expect(await server.admin("GET", item, token: token).status == 200)
    }
}
