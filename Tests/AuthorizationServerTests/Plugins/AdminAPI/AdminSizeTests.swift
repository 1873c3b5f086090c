// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("The size limits of documents and lists in the admin API", .timeLimit(.minutes(10)))
struct AdminSizeTests {
    /// A document with members of the given sizes, where any content is allowed.
    private static func document(_ kind: String, _ members: [(String, Int)]) -> JSON {
        let much = JSON.object(members.map { .init($0.0, .string(String(repeating: "x", count: $0.1))) })
        return kind == "Client" ? ["grant_types": [], "details": much] : ["data": much]
    }

    /// The size of the document 'much' as stored.
    private static func stored(_ server: TestServer, _ kind: String, _ token: String) async throws -> Int {
        var shown = await server.admin("GET", "/\(kind)/much", token: token).json
        shown["resourceType"] = nil
        return shown.bytes.count
    }

    @Test(
        "patches cannot make a document larger than a request body, and a refused patch leaves it unchanged",
        arguments: AdminAPITests.kinds)
    func patches(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        #expect(await server.admin("PUT", "/\(kind)/much", Self.document(kind, []), token: token).status == 201)
        var statuses: [Int] = []
        for number in 0..<5 {
            let patch = Self.document(kind, [("n\(number)", 20_000)])
            let answer = await server.admin("PATCH", "/\(kind)/much", patch, token: token)
            statuses.append(answer.status)
            guard answer.status == 422 else { continue }
            #expect(answer.error == "invalid_document")
            let message = answer.json["problems"]?.elements.first?["message"]?.string ?? ""
            #expect(message.contains("the limit is 65536") && message.contains("remove members"), "\(message)")
        }
        #expect(statuses == [200, 200, 200, 422, 422])
        #expect(try await (60_000...65_536).contains(Self.stored(server, kind, token)))
        let member = kind == "Client" ? "details" : "data"
        let smaller: JSON = .object([.init(member, ["n0": .null, "n9": "y"])])
        #expect(await server.admin("PATCH", "/\(kind)/much", smaller, token: token).status == 200)
        #expect(try await (40_000...41_000).contains(Self.stored(server, kind, token)))
    }

    @Test(
        "a document has at most 65536 bytes, however it is created",
        arguments: AdminAPITests.kinds, [("POST", ""), ("PUT", "/much")])
    func bounds(_ kind: String, _ request: (method: String, path: String)) async throws {
        let (server, token) = try await AdminAPITests.server()
        var empty = Self.document(kind, [("n", 0)])
        empty = .object([.init("id", "much")] + empty.members)
        let rest = 65_536 - empty.bytes.count
        for (length, status) in [(rest + 1, 422), (rest, 201)] {
            var document = Self.document(kind, [("n", length)])
            document = .object([.init("id", "much")] + document.members)
            let answer = await server.admin(request.method, "/\(kind)\(request.path)", document, token: token)
            #expect(answer.status == status, "\(length): \(answer.json["problems"]?.text ?? "")")
        }
        #expect(try await Self.stored(server, kind, token) == 65_536)
    }

    @Test(
        "a list of large documents comes in pages of about a mebibyte, with each document once",
        arguments: AdminAPITests.kinds)
    func lists(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let ids = (100..<140).map { "n\($0)" }
        for (number, id) in ids.enumerated() {
            // Small documents between large ones.
            let document = Self.document(kind, [("n", number % 4 == 3 ? 10 : 65_000)])
            #expect(await server.admin("PUT", "/\(kind)/\(id)", document, token: token).status == 201)
        }
        var (found, pages, query): ([String], Int, String?) = ([], 0, "_count=500")
        while let asked = query {
            let page = await server.admin("GET", "/\(kind)", query: asked, token: token)
            #expect(page.status == 200 && page.body.count < (1 << 20) + 70_000, "\(page.body.count)")
            found += (page.json["entry"]?.elements ?? []).compactMap { $0["resource"]?["id"]?.string }
            query = page.json["link"]?.elements.first?["url"]?.string.map {
                String($0.drop { $0 != "?" }.dropFirst())
            }
            pages += 1
        }
        #expect(found.filter { $0.hasPrefix("n") } == ids)
        #expect(Set(found).count == found.count && pages == 2)
    }

    @Test("a hundred large documents are created at once", arguments: AdminAPITests.kinds)
    func many(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let document = Self.document(kind, [("n", 60_000)])
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask { await server.admin("PUT", "/\(kind)/n\(number)", document, token: token).status }
            }
            return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [201: 100])
    }

    @Test("a document that is nested as deep as JSON may be is shown as it was", arguments: AdminAPITests.kinds)
    func deep(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        // The document itself and its member 'much' are two levels.
        let deep = (0..<(JSON.deepest - 2)).reduce(JSON.integer(1)) { value, _ in ["n": value] }
        let document: JSON = kind == "Client" ? ["grant_types": [], "details": ["n": deep]] : ["data": ["n": deep]]
        #expect(await server.admin("PUT", "/\(kind)/deep", document, token: token).status == 201)
        let shown = await server.admin("GET", "/\(kind)", token: token)
        let entries = try JSON(parsing: shown.body, depth: 64)["entry"]?.elements
        let entry = entries?.first { $0["resource"]?["id"] == "deep" }
        #expect(entry?["resource"]?[kind == "Client" ? "details" : "data"]?["n"] == deep, "\(shown.status)")
    }
}
