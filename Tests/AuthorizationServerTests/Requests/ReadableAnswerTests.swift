// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Fetch standard: preflights and responses follow one rule", .timeLimit(.minutes(10)))
struct ReadableAnswerTests {
    private static let own = "https://kiosk.example.com"

    /// A request of a script, and why it is refused or not.
    private struct Sent: Sendable {
        let what: String
        var headers: [(name: String, value: String)] = []
        var query: String?
        var body = ""
        var storeFails = false
    }

    private static let form = (name: "content-type", value: "application/x-www-form-urlencoded")
    private static let sent = [
        Sent(what: "nothing"),
        Sent(what: "a dead token", headers: [("authorization", "Bearer nonsense")]),
        Sent(
            what: "a dead token and JSON",
            headers: [("authorization", "Bearer x"), ("content-type", "application/json")],
            body: "{}"),
        Sent(what: "an unknown grant", headers: [form], body: "grant_type=nonsense&client_id=kiosk"),
        Sent(what: "no client", headers: [form], body: "grant_type=client_credentials"),
        Sent(
            what: "a wrong secret", headers: [form, ("authorization", Form.basic("kiosk", "wrong"))],
            body: "grant_type=client_credentials"),
        Sent(
            what: "what is right", headers: [form, ("authorization", Form.basic("kiosk", TestServer.serviceSecret))],
            body: "grant_type=client_credentials"),
        Sent(what: "a broken form", headers: [form], query: "a=%", body: "a=%"),
        Sent(what: "two content types", headers: [form, form], body: "grant_type=x"),
        Sent(
            what: "what a failing store cannot answer",
            headers: [form, ("authorization", Form.basic("stored", "x"))], body: "grant_type=client_credentials",
            storeFails: true),
    ]

    /// Origins, and whether a client has registered them.
    private static let origins = [
        (own, true), ("https://stored.example.com", true), ("https://evil.example", false), ("null", false),
        ("", false), ("https://\u{212A}iosk.example.com", false), (own + "\u{301}", false), (own + "/", false),
        (own + ":443", false), ("HTTPS://KIOSK.EXAMPLE.COM", false), ("\(own), https://evil.example", false),
        ("http://kiosk.example.com", false),
    ]

    private static func server() async throws -> (TestServer, CountingStore) {
        var kiosk = TestServer.service
        (kiosk["id"], kiosk["allowed_origins"]) = ("kiosk", [.string(own)])
        let plugins = [PluginSetup(CountingStore.self)] + AdminAPITests.plugins.dropFirst()
        let server = try await TestServer(
            plugins, clients: [kiosk, AdminAPITests.manager], users: Demo.users,
            passwords: CountingPasswords())
        var stored = AdminAPITests.orders
        (stored["id"], stored["allowed_origins"]) = ("stored", ["https://stored.example.com"])
        _ = try await server.core.clients.documents.create(stored)
        return (server, try #require(server.countingStore))
    }

    private static func isReadable(_ answer: Answer, by origin: String) -> Bool {
        let allowed = answer.headers.filter { $0.name == "access-control-allow-origin" }.map(\.value)
        #expect(allowed.count <= 1 && answer.header("access-control-allow-credentials") == nil)
        return allowed.first.map { $0 == "*" || $0.utf8.elementsEqual(origin.utf8) } ?? false
    }

    @Test("scripts can read exactly what a preflight allows, at every path, with every method, whatever the error")
    func oneRule() async throws {
        let (server, store) = try await ReadableAnswerTests.server()
        let generation = try #require(server.core.generation)
        let paths = Array(generation.routes.fixed.keys) + generation.routes.variable.map(\.pattern.unnamed)
        #expect(paths.count > 15)
        for path in paths.sorted() {
            let readers = try #require(generation.routes[path: path]).audience
            for sent in ReadableAnswerTests.sent {
                for (number, (origin, isOwn)) in ReadableAnswerTests.origins.enumerated() {
                    let methods = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "NONSENSE"]
                    let method = methods[(number + sent.what.utf8.count) % methods.count]
                    store.fail(sent.storeFails)
                    let headers = [(name: "origin", value: origin)]
                    let asked = await server.send(
                        "OPTIONS", path, headers: headers + [("access-control-request-method", method)])
                    let answer = await server.send(
                        method, path, query: sent.query, headers: headers + sent.headers, body: Array(sent.body.utf8))
                    store.fail(false)
                    let isRight =
                        switch readers {
                        case .people: false
                        case .everybody: true
                        case .clients: isOwn
                        }
                    let what = "\(method) \(path) from \(origin) with \(sent.what): \(asked.status), \(answer.status)"
                    #expect(ReadableAnswerTests.isReadable(asked, by: origin) == isRight, "\(what)")
                    #expect(ReadableAnswerTests.isReadable(answer, by: origin) == isRight, "\(what)")
                    #expect((asked.status == 204) == isRight, "\(what)")
                    let varies = answer.headers.contains { $0.name == "vary" && $0.value == "Origin" }
                    if case .clients = readers { #expect(varies, "\(what)") }
                    if isRight {
                        #expect(answer.header("access-control-expose-headers")?.contains("WWW-Authenticate") == true)
                    }
                }
            }
        }
    }

    @Test("two origins count as none")
    func twoOrigins() async throws {
        let (server, _) = try await ReadableAnswerTests.server()
        let origin = (name: "origin", value: ReadableAnswerTests.own)
        for method in ["OPTIONS", "POST"] {
            let answer = await server.send(
                method, "/auth/token", headers: [origin, origin, ("access-control-request-method", "POST")])
            #expect(answer.status == 400 && answer.header("access-control-allow-origin") == nil)
        }
    }

    @Test("refusals by the transport can be read by the same rule", arguments: [408, 413])
    func transport(_ status: Int) async throws {
        let (server, _) = try await ReadableAnswerTests.server()
        for (path, isShared) in [("/auth/token", true), ("/auth/userinfo", true), ("/auth/authorize", false)] {
            for (origin, isOwn) in ReadableAnswerTests.origins {
                let head = RequestHead(method: "POST", path: path, headers: [("origin", origin)])
                let answer = await RequestDispatcher(server.core).refuse(
                    head, status: status, "the body did not arrive in time")
                #expect(answer.status == status)
                let allowed = answer.headers.contains { $0.name == "access-control-allow-origin" }
                #expect(allowed == (isShared && isOwn), "\(path) \(origin)")
            }
        }
    }
}

@Suite("RFC 9110 section 5.3: header fields that must not be repeated", .timeLimit(.minutes(10)))
struct SingleHeaderTests {
    @Test(
        "a request that repeats one is refused everywhere, even if both values are equal",
        arguments: ["content-type", "content-length", "origin", "host"])
    func twice(_ name: String) async throws {
        let server = try await Demo.server()
        for path in ["/auth/token", "/auth/userinfo", "/auth/authorize", "/.well-known/jwks.json"] {
            for values in [["a", "a"], ["a", "b"]] {
                let answer = await server.send("POST", path, headers: values.map { (name, $0) })
                #expect(answer.status == 400, "\(path)")
            }
            let lists = await server.send("GET", path, headers: [("accept", "a"), ("accept", "b")])
            #expect(lists["error_description"]?.contains("more than once") != true)
        }
    }
}
