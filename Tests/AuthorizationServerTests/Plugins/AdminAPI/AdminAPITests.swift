// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

extension TestServer {
    /// Sends a request to the admin API with a token.
    func admin(
        _ method: String, _ path: String, query: String? = nil, _ body: JSON? = nil, token: String,
        headers: [(name: String, value: String)] = []
    ) async -> Answer {
        let own = [(name: "authorization", value: "Bearer \(token)")]
        let type = body == nil ? [] : [(name: "content-type", value: "application/json")]
        return await send(method, path, query: query, headers: own + type + headers, body: body?.bytes ?? [])
    }
}

@Suite("The admin API", .timeLimit(.minutes(10)))
struct AdminAPITests {
    static let manager: JSON = [
        "id": "manager", "secret": "s3cret of the manager", "grant_types": ["client_credentials"],
        "scope": ["admin", "read"],
    ]
    static let bob: JSON = ["id": "bob", "email": "bob@example.com", "password": "correct horse"]
    static let plugins: [PluginSetup] = Plugins.all + [PluginSetup(Plugins.adminAPI)]
    static let orders: JSON = [
        "id": "orders", "grant_types": ["client_credentials"], "scope": ["read"],
    ]

    static func server(format: String = "opaque") async throws -> (server: TestServer, token: String) {
        let server = try await TestServer(
            plugins, clients: [manager, TestServer.service], users: [bob], format: format)
        return (server, try #require(await token(server, "admin")))
    }

    private static func token(_ server: TestServer, _ scope: String?) async -> String? {
        let asked = scope.map { [("scope", $0)] } ?? []
        return await server.post(
            "/auth/token", [("grant_type", "client_credentials")] + asked, as: ("manager", "s3cret of the manager"))[
                "access_token"]
    }

    private static func document(_ kind: String) -> JSON {
        kind == "Client" ? orders : ["id": "orders", "email": "o@example.com", "data": ["given_name": "O"]]
    }

    static let kinds: [String] = ["Client", "User"]

    // MARK: who may

    @Test(
        "a token that speaks for a user cannot manage anything, unless the configuration allows it",
        arguments: [false, true])
    func people(_ isAllowed: Bool) async throws {
        let desk: JSON = [
            "id": "desk", "secret": "s3cret of the desk", "grant_types": ["password"], "scope": ["admin"],
        ]
        let own = PluginSetup(Plugins.adminAPI, isAllowed ? ["people": true] : [:])
        let server = try await TestServer(
            Plugins.discouraged + [own], clients: [desk], users: [AdminAPITests.bob],
            passwords: CountingPasswords())
        let form = [
            ("grant_type", "password"), ("username", "bob"), ("password", "correct horse"), ("scope", "admin"),
        ]
        let token = await server.post("/auth/token", form, as: ("desk", "s3cret of the desk"))["access_token"] ?? ""
        let answer = await server.admin("GET", "/User", token: token)
        #expect(answer.status == (isAllowed ? 200 : 403))
        if !isAllowed { #expect(answer.error == "insufficient_scope") }
    }

    @Test("clients and users can have separate scope values, and neither gives access to the other")
    func separateScopes() async throws {
        let manager: JSON = [
            "id": "manager", "secret": "s3cret of the manager", "grant_types": ["client_credentials"],
            "scope": ["manage-clients", "manage-users", "admin"],
        ]
        let own = PluginSetup(Plugins.adminAPI, ["client_scope": "manage-clients", "user_scope": "manage-users"])
        let server = try await TestServer(Plugins.all + [own], clients: [manager])
        for (word, clients, users) in [("manage-clients", 200, 403), ("manage-users", 403, 200), ("admin", 403, 403)] {
            let token = try #require(await AdminAPITests.token(server, word))
            #expect(await server.admin("GET", "/Client", token: token).status == clients, "\(word)")
            let answer = await server.admin("GET", "/User", token: token)
            #expect(answer.status == users, "\(word)")
            if users == 403 { #expect(answer.header("www-authenticate")?.contains("scope=\"manage-users\"") == true) }
        }
    }

    static let everyRequest: [(String, String)] = ["Client", "User"].flatMap { kind in
        [("GET", "/\(kind)"), ("POST", "/\(kind)")]
            + ["GET", "PUT", "PATCH", "DELETE"].map { ($0, "/\(kind)/orders") }
    }

    @Test(
        "without the scope nothing can be read or changed, whatever the request",
        .clause("RFC 6750 section 3"), arguments: everyRequest)
    func unauthorized(_ method: String, _ path: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        for kind in AdminAPITests.kinds {
            var document = AdminAPITests.document(kind)
            document["id"] = .string("orders-\(kind)")
            #expect(await server.admin("POST", "/\(kind)", document, token: token).status == 201)
        }
        let none = await server.send(method, path, headers: [("content-type", "application/json")], body: [0x7B])
        #expect(none.status == 401 && none.header("www-authenticate") == "Bearer realm=\"grantor\"")
        let unknown = await server.admin(method, path, [:], token: "gat_unknown")
        #expect(unknown.status == 401 && unknown.error == "invalid_token")
        let other = try #require(await AdminAPITests.token(server, "read"))
        let lacking = await server.admin(method, path, [:], token: other)
        #expect(lacking.status == 403 && lacking.error == "insufficient_scope")
        #expect(lacking.header("www-authenticate")?.contains("scope=\"admin\"") == true)
        let inQuery = await server.send(method, path, query: "access_token=\(token)")
        #expect(inQuery.status == 401)
        #expect(none.json["entry"] == nil && lacking.json["entry"] == nil)
    }

    @Test("the scope is only granted if it is requested explicitly")
    func onRequest() async throws {
        let (server, _) = try await AdminAPITests.server()
        let all = try #require(await AdminAPITests.token(server, nil))
        #expect(await server.admin("GET", "/Client", token: all).status == 403)
    }

    @Test("without the plugin, none of its paths is served", arguments: everyRequest)
    func absent(_ method: String, _ path: String) async throws {
        let server = try await TestServer()
        #expect(await server.send(method, path).status == 404)
    }

    // MARK: the life of a document

    @Test(
        "a document is created, read, replaced, patched and deleted", .clause("RFC 9110 section 9.3"), arguments: kinds)
    func life(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let (list, item) = ("/\(kind)", "/\(kind)/orders")
        let made = await server.admin("POST", list, AdminAPITests.document(kind), token: token)
        #expect(made.status == 201 && made.header("location") == "https://id.example.com\(item)", "\(made.json.text)")
        #expect((made["secret"] != nil) == (kind == "Client"))
        let shown = await server.admin("GET", item, token: token)
        #expect(shown.status == 200 && shown["resourceType"] == kind && shown["secret"] == nil)
        #expect(shown.header("etag") == made.header("etag") && shown.header("cache-control") == "no-store")
        var next = shown.json
        next["name"] = kind == "Client" ? "Orders" : ["formatted": "Orders"]
        let replaced = await server.admin("PUT", item, next, token: token)
        #expect(replaced.status == 200 && replaced["secret"] == nil, "what GET shows can be put: \(replaced.json.text)")
        #expect(replaced.json["name"] == next["name"] && replaced.header("etag") != shown.header("etag"))
        let patched = await server.admin("PATCH", item, ["name": .null], token: token)
        #expect(patched.status == 200 && patched.json["name"] == nil && patched["id"] == "orders")
        #expect(await server.admin("DELETE", item, token: token).status == 200)
        for method in ["GET", "DELETE", "PATCH"] {
            #expect(await server.admin(method, item, method == "PATCH" ? [:] : nil, token: token).status == 404)
        }
        let again = await server.admin("PUT", item, AdminAPITests.document(kind), token: token)
        #expect(again.status == 201 && again.header("etag") != made.header("etag"), "a PUT makes what there is not")
    }

    @Test("a document without an id gets a random one", arguments: kinds)
    func randomID(_ kind: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        var document = AdminAPITests.document(kind)
        document["id"] = nil
        let made = await server.admin("POST", "/\(kind)", document, token: token)
        // Of the 22 letters, hyphens at the start are dropped.
        let id = made["id"] ?? ""
        #expect(made.status == 201 && 16...22 ~= id.utf8.count && id.utf8.first != 0x2D, "\(made.json.text)")
    }

    @Test("an id with a slash and a space is reached by its percent-encoding")
    func encoded() async throws {
        let (server, token) = try await AdminAPITests.server()
        var document = AdminAPITests.orders
        document["id"] = "a/b c+d"
        let made = await server.admin("POST", "/Client", document, token: token)
        #expect(made.header("location") == "https://id.example.com/Client/a%2Fb%20c%2Bd")
        #expect(await server.admin("GET", "/Client/a%2Fb%20c+d", token: token)["id"] == "a/b c+d")
        #expect(await server.admin("GET", "/Client/%zz", token: token).status == 400)
        #expect(await server.admin("GET", "/Client/a/b", token: token).status == 404)
    }

    @Test("no secret, password or hash is ever shown, except a newly generated secret")
    func neverShown() async throws {
        let (server, token) = try await AdminAPITests.server()
        var client = AdminAPITests.orders
        client["secret"] = "correct horse of the client"
        var user = People.ann
        user["password"] = "correct horse of ann"
        var answers = [
            await server.admin("POST", "/Client", client, token: token),
            await server.admin("POST", "/User", user, token: token),
        ]
        for path in ["/Client", "/Client/orders", "/Client/service", "/User", "/User/ann", "/User/bob"] {
            answers.append(await server.admin("GET", path, token: token))
        }
        answers.append(await server.admin("PATCH", "/User/ann", ["password": "another horse"], token: token))
        answers.append(await server.admin("DELETE", "/Client/orders", token: token))
        for answer in answers {
            #expect(answer.status < 300)
            for word in ["horse", "s3cret", "argon2", "sha256", "password", "\"secret\""] {
                #expect(!answer.json.text.contains(word), "\(answer.json.text)")
            }
        }
        #expect(!server.log.lines.contains { $0.contains("horse") })
    }

    // MARK: what ends

    @Test("disabling or deleting a client ends everything granted to it", arguments: ["PATCH", "DELETE"])
    func clientEnds(_ method: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let made = await server.admin("POST", "/Client", AdminAPITests.orders, token: token)
        let secret = try #require(made["secret"])
        let access = try #require(
            await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("orders", secret))[
                "access_token"])
        #expect(try await server.core.tokens.resolve(access) != nil)
        let body: JSON? = method == "PATCH" ? ["active": false] : nil
        #expect(await server.admin(method, "/Client/orders", body, token: token).status == 200)
        #expect(try await server.core.tokens.resolve(access) == nil)
    }

    /// Changes of a user, and whether the epoch moves with them.
    static let userChanges: [(what: String, patch: JSON, ends: Bool)] = [
        ("another password", ["password": "another horse"], true), ("no password", ["password": .null], true),
        ("a hash for the password", ["password": .string(People.bcrypt)], true), ("inactive", ["inactive": true], true),
        ("another name", ["userName": "anna"], false), ("other data", ["data": ["given_name": "A"]], false),
    ]

    @Test("changing the password or disabling a user ends everything granted for that user", arguments: userChanges)
    func userEnds(_ what: String, _ patch: JSON, _ ends: Bool) async throws {
        let (server, token) = try await AdminAPITests.server()
        #expect(await server.admin("POST", "/User", People.ann, token: token).status == 201)
        #expect(try await server.signIn("annie", "correct horse") != nil)
        let before = try await server.core.users.find("ann")?.epoch
        let answer = await server.admin("PATCH", "/User/ann", patch, token: token)
        #expect(answer.status == 200, "\(what): \(answer.json.text)")
        #expect(try await (server.core.users.find("ann")?.epoch != before) == ends, "\(what)")
    }

    @Test("a name that a user gives up is free for others, and a taken one is refused")
    func names() async throws {
        let (server, token) = try await AdminAPITests.server()
        #expect(await server.admin("POST", "/User", People.ann, token: token).status == 201)
        #expect(await server.admin("POST", "/User", ["id": "eve", "userName": "eve2"], token: token).status == 201)
        let taken = await server.admin("PATCH", "/User/eve", ["userName": "ANNIE"], token: token)
        #expect(taken.status == 409 && taken.json["problems"]?.elements.first?["pointer"] == "/userName")
        #expect(await server.admin("PATCH", "/User/ann", ["userName": "anna"], token: token).status == 200)
        #expect(await server.admin("PATCH", "/User/eve", ["userName": "ANNIE"], token: token).status == 200)
        #expect(await server.admin("DELETE", "/User/eve", token: token).status == 200)
        #expect(await server.admin("POST", "/User", ["id": "annie"], token: token).status == 201)
    }

    // MARK: what is refused

    static let refused: [(rule: String, method: String, path: String, body: JSON?, status: Int, pointer: String)] = [
        ("a declared client replaced", "PUT", "/Client/service", orders, 409, "/id"),
        ("a declared client patched", "PATCH", "/Client/service", [:], 409, "/id"),
        ("a declared client removed", "DELETE", "/Client/service", nil, 409, "/id"),
        ("a declared client made", "POST", "/Client", ["id": "service"], 409, "/id"),
        ("a declared user replaced", "PUT", "/User/bob", ["id": "bob"], 409, "/id"),
        ("a declared user removed", "DELETE", "/User/bob", nil, 409, "/id"),
        ("a user with a client's id", "PUT", "/User/service", [:], 409, "/id"),
        ("a client with a user's id", "PUT", "/Client/bob", ["grant_types": []], 409, "/id"),
        ("a client with a user's id, made", "POST", "/Client", ["id": "bob", "grant_types": []], 409, "/id"),
        ("the address of a declared user", "POST", "/User", ["email": "BOB@example.com"], 409, "/email"),
        ("another id in the document", "PUT", "/User/x", ["id": "y"], 422, "/id"),
        ("another kind of document", "POST", "/User", ["resourceType": "Client"], 422, "/resourceType"),
        ("a client that no address names", "POST", "/Client", ["id": "..", "grant_types": []], 422, "/id"),
        ("a user that no address names", "POST", "/User", ["id": "."], 422, "/id"),
        ("an unknown member", "POST", "/User", ["passwort": "x"], 422, "/passwort"),
        ("a document that is none", "POST", "/User", [], 422, ""),
    ]

    @Test("a refused change has a status, a place and a message", arguments: refused.indices)
    func refuses(_ place: Int) async throws {
        let (rule, method, path, body, status, pointer) = AdminAPITests.refused[place]
        let (server, token) = try await AdminAPITests.server()
        let answer = await server.admin(method, path, body, token: token)
        let problem = answer.json["problems"]?.elements.first
        #expect(answer.status == status, "\(rule): \(answer.json.text)")
        #expect(problem?["pointer"]?.string == pointer && problem?["message"]?.string?.isEmpty == false, "\(rule)")
    }

    @Test("all problems of a document are reported at once")
    func allFindings() async throws {
        let (server, token) = try await AdminAPITests.server()
        let wrong: JSON = ["scops": 1, "grant_types": ["magic"], "scope": ["a b"], "name": 7]
        let answer = await server.admin("POST", "/Client", wrong, token: token)
        let pointers = (answer.json["problems"]?.elements ?? []).compactMap { $0["pointer"]?.string }
        #expect(answer.status == 422 && Set(pointers) == ["/scops", "/grant_types/0", "/scope/0", "/name"])
    }

    static let malformed: [(rule: String, type: String, body: String)] = [
        ("no JSON", "application/json", "{"), ("a form", "application/x-www-form-urlencoded", "id=x"),
        ("a member twice", "application/json", #"{"id":"x","id":"y"}"#), ("nothing", "application/json", ""),
        ("too deep", "application/json", String(repeating: "[", count: 40) + String(repeating: "]", count: 40)),
    ]

    @Test("a body that is not a JSON document is refused", .clause("RFC 8259"), arguments: malformed)
    func noJSON(_ rule: String, _ type: String, _ body: String) async throws {
        let (server, token) = try await AdminAPITests.server()
        let answer = await server.send(
            "POST", "/Client", headers: [("authorization", "Bearer \(token)"), ("content-type", type)],
            body: Array(body.utf8))
        #expect(answer.status == 400 && answer.error == "invalid_request", "\(rule): \(answer.json.text)")
    }

    @Test("other methods are refused with a list of the allowed ones", .clause("RFC 9110 section 15.5.6"))
    func methods() async throws {
        let (server, token) = try await AdminAPITests.server()
        #expect(await server.admin("DELETE", "/Client", token: token).header("allow") == "GET, HEAD, POST")
        #expect(
            await server.admin("POST", "/Client/x", token: token).header("allow") == "DELETE, GET, HEAD, PATCH, PUT")
    }
}
