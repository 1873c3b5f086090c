// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Conditions and lists of the admin API", .timeLimit(.minutes(10)))
struct AdminListTests {
    // MARK: conditions

    @Test(
        "of 64 concurrent changes to one version, one succeeds", .clause("RFC 9110 section 13.1.1"),
        arguments: AdminAPITests.kinds, ["PUT", "PATCH", "DELETE"])
    func race(_ kind: String, _ method: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let item = "/\(kind)/orders"
        let document: JSON = kind == "Client" ? AdminAPITests.orders : ["id": "orders"]
        let tag = try #require(await server.admin("PUT", item, document, token: token).header("etag"))
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 0..<64 {
                group.addTask {
                    var next = document
                    next["name"] = kind == "Client" ? .string("\(number)") : ["formatted": .string("\(number)")]
                    return await server.admin(
                        method, item, method == "DELETE" ? nil : next, token: token, headers: [("if-match", tag)]
                    ).status
                }
            }
            return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [200: 1, 412: 63])
    }

    /// Conditions on a document that exists or not, and the status of a PUT with them.
    static let conditions: [(header: String, value: String, exists: Bool, status: Int)] = [
        ("if-match", "*", true, 200), ("if-match", "*", false, 412), ("if-match", "\"7.7\"", true, 412),
        ("if-match", "\"7.7\"", false, 412), ("if-match", "ETAG", true, 200), ("if-match", "\"7\", ETAG", true, 200),
        ("if-match", "W/ETAG", true, 412), ("if-none-match", "*", true, 412), ("if-none-match", "*", false, 201),
        ("if-none-match", "ETAG", true, 412), ("if-none-match", "W/ETAG", true, 412),
        ("if-none-match", "\"7.7\"", true, 200), ("if-none-match", "ETAG", false, 201),
        ("if-match", "ETAG,,\"7\" , ", true, 200), ("if-match", "7.7", true, 400), ("if-match", "", true, 400),
        ("if-none-match", "W/", true, 400), ("if-none-match", "*, ETAG", true, 400), ("if-none-match", "", false, 400),
        ("if-none-match", "\"7\"\u{301}, ETAG", true, 400),
    ]

    @Test("a PUT does what its condition says", .clause("RFC 9110 section 13.1"), arguments: conditions)
    func condition(_ header: String, _ value: String, _ exists: Bool, _ status: Int) async throws {
        let (server, token) = try await AdminAPITests.server()
        var tag = "\"1.1\""
        if exists {
            tag = try #require(
                await server.admin("PUT", "/Client/orders", AdminAPITests.orders, token: token).header("etag"))
        }
        let answer = await server.admin(
            "PUT", "/Client/orders", AdminAPITests.orders, token: token,
            headers: [(header, value.replacing("ETAG", with: tag))])
        #expect(answer.status == status, "\(answer.json.text)")
    }

    /// The status by RFC 9110 for both header fields, implemented a second time; nil if the request is refused for
    /// another reason.
    private static func status(_ method: String, _ exists: Bool, _ match: String, _ noneMatch: String) -> Int {
        let names = (match: ["", "*", "ETAG"].contains(match), none: ["*", "ETAG", "W/ETAG"].contains(noneMatch))
        let holds = (match: exists ? names.match : match.isEmpty, none: exists ? !names.none : true)
        if !exists, method == "PATCH" || method == "GET" { return 404 }
        if !exists, method == "DELETE" { return holds.match ? 404 : 412 }
        if !holds.match { return 412 }
        if !holds.none { return method == "GET" ? 304 : 412 }
        return exists ? 200 : 201
    }

    @Test(
        "every method does what both conditions together say", .clause("RFC 9110 section 13.2.2"),
        arguments: ["GET", "PUT", "PATCH", "DELETE"], [true, false])
    func combinations(_ method: String, _ exists: Bool) async throws {
        let (server, token) = try await AdminAPITests.server()
        for kind in AdminAPITests.kinds {
            let document: JSON = kind == "Client" ? AdminAPITests.orders : ["id": "orders"]
            for match in ["", "*", "ETAG", "W/ETAG", "\"7.7\""] {
                for noneMatch in ["", "*", "ETAG", "W/ETAG", "\"7.7\""] {
                    for other in AdminAPITests.kinds {
                        _ = await server.admin("DELETE", "/\(other)/orders", token: token)
                    }
                    var tag = "\"1.1\""
                    if exists {
                        let made = await server.admin("PUT", "/\(kind)/orders", document, token: token)
                        tag = try #require(made.header("etag"))
                    }
                    let sent = [("if-match", match), ("if-none-match", noneMatch)].filter { !$0.1.isEmpty }
                    let answer = await server.admin(
                        method, "/\(kind)/orders", ["PUT", "PATCH"].contains(method) ? document : nil, token: token,
                        headers: sent.map { ($0.0, $0.1.replacing("ETAG", with: tag)) })
                    let expected = Self.status(method, exists, match, noneMatch)
                    #expect(answer.status == expected, "\(kind) \(match) \(noneMatch): \(answer.json.text)")
                    if answer.status == 304 { #expect(answer.header("etag") == tag && answer.body.isEmpty) }
                }
            }
        }
    }

    @Test("of 64 simultaneous requests to create a document, one succeeds", arguments: AdminAPITests.kinds)
    func making(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let document: JSON = kind == "Client" ? AdminAPITests.orders : ["id": "orders"]
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    await server.admin(
                        "PUT", "/\(kind)/orders", document, token: token, headers: [("if-none-match", "*")]
                    ).status
                }
            }
            return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(statuses == [201: 1, 412: 63])
    }

    @Test("a document that was deleted and created again has another version", arguments: AdminAPITests.kinds)
    func madeAnew(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let item = "/\(kind)/orders"
        let document: JSON = kind == "Client" ? AdminAPITests.orders : ["id": "orders"]
        let tag = try #require(await server.admin("PUT", item, document, token: token).header("etag"))
        #expect(await server.admin("DELETE", item, token: token).status == 200)
        #expect(await server.admin("PUT", item, document, token: token).status == 201)
        #expect(await server.admin("DELETE", item, token: token, headers: [("if-match", tag)]).status == 412)
    }

    @Test("patches without a condition are all applied, one after another")
    func patches() async throws {
        let (server, token) = try await AdminAPITests.server()
        #expect(await server.admin("PUT", "/User/ann", ["data": [:]], token: token).status == 201)
        for number in 0..<8 {
            let patch: JSON = ["data": .object([.init("n\(number)", .integer(Int64(number)))])]
            #expect(await server.admin("PATCH", "/User/ann", patch, token: token).status == 200)
        }
        let data = await server.admin("GET", "/User/ann", token: token).json["data"]
        #expect(data?.members.count == 8)
    }

    // MARK: lists

    private func walk(_ server: TestServer, _ token: String, _ kind: String) async throws -> [String] {
        var (found, query): ([String], String?) = ([], "_count=3")
        while let asked = query {
            let page = await server.admin("GET", "/\(kind)", query: asked, token: token)
            #expect(page.status == 200 && page["resourceType"] == "Bundle")
            found += (page.json["entry"]?.elements ?? []).compactMap { $0["resource"]?["id"]?.string }
            let next = page.json["link"]?.elements.first?["url"]?.string
            query = next.map { String($0.drop { $0 != "?" }.dropFirst()) }
        }
        return found
    }

    @Test(
        "the pages of a list contain every document once, including declared ones", arguments: AdminAPITests.kinds,
        0..<8)
    func pages(_ kind: String, _ count: Int) async throws {
        let (server, token) = try await AdminAPITests.server()
        var ids = kind == "Client" ? ["manager", "service"] : ["bob"]
        for number in 0..<count {
            let document: JSON = kind == "Client" ? ["grant_types": []] : [:]
            let id = number % 2 == 0 ? "n\(number)" : "Z\(number)"
            #expect(await server.admin("PUT", "/\(kind)/\(id)", document, token: token).status == 201)
            ids.append(id)
        }
        #expect(try await walk(server, token, kind) == ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    static let searches: [(kind: String, query: String, found: [String])] = [
        ("User", "_id=ann", ["ann"]), ("User", "email=ANN%40example.com", ["ann"]), ("User", "userName=Annie", ["ann"]),
        ("User", "email=bob@example.com", ["bob"]), ("User", "email=annie", []), ("User", "userName=bob", []),
        ("User", "_id=none", []), ("Client", "_id=orders", ["orders"]), ("Client", "_id=service", ["service"]),
    ]

    @Test("a search finds stored and declared documents", arguments: searches)
    func search(_ kind: String, _ query: String, _ found: [String]) async throws {
        let (server, token) = try await AdminAPITests.server()
        #expect(await server.admin("POST", "/User", People.ann, token: token).status == 201)
        #expect(await server.admin("POST", "/Client", AdminAPITests.orders, token: token).status == 201)
        let page = await server.admin("GET", "/\(kind)", query: query, token: token)
        #expect((page.json["entry"]?.elements ?? []).compactMap { $0["resource"]?["id"]?.string } == found)
    }

    @Test(
        "an invalid query is refused",
        arguments: ["_count=0", "_count=501", "_count=x", "_id=a&email=b", "_count=1&_count=2"])
    func queries(_ query: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let answer = await server.admin("GET", "/User", query: query, token: token)
        #expect(answer.status == 400 && answer.error == "invalid_request")
    }
}
