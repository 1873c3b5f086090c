// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Synchronization
import Testing

@testable import AuthorizationServer

/// A plugin that keeps the services of its host from its `init` and its first request on.
private final class Keeping: Plugin, Endpoint {
    static let manifest = PluginManifest(id: "keeping", summary: "", specification: "")
    let route = Route(["GET"], "/keeping")
    let admission = Admission.browser()
    private let host: any PluginHost
    private let outbound: any OutboundHTTP
    private let users = Mutex<(any DocumentDirectory)?>(nil)

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        outbound = host.outbound
    }

    func register(in registry: inout Registry) { registry.add(endpoint: self) }

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        let kept = users.withLock { known -> any DocumentDirectory in
            let documents = known ?? host.users.documents
            known = documents
            return documents
        }
        _ = try await kept.create(["id": "kept"])
        let reply = try? await outbound.send(OutboundRequest("GET", "https://a.example.com/"))
        return EndpointResponse(["sent": .bool(reply != nil)])
    }
}

@Suite("RFC 9110 section 9.3.2: HEAD works wherever GET does, and has no effect", .timeLimit(.minutes(10)))
struct HeadRequestTests {
    private struct Setting {
        let server: TestServer
        let store: CountingStore
        let records: RecordingSink.Records
        let outbound = RecordedOutbound()

        init() async throws {
            let (sink, records) = RecordingSink.make()
            self.records = records
            let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst() + [sink, .init(Plugins.implicit)]
            var implicit = Demo.house
            (implicit["id"], implicit["grant_types"]) = ("single", ["implicit"])
            implicit["auth"] = ["implicit": ["redirect_uri": .string(Demo.callback)]]
            server = try await TestServer(
                plugins, clients: [Leaving.shop, Leaving.plain, Demo.web, Demo.house, implicit], users: Demo.users,
                passwords: CountingPasswords(), outbound: outbound)
            store = try #require(server.countingStore)
        }

        /// Sends GET or HEAD with the cookies of a browser.
        func send(_ method: String, _ path: String, _ query: String?, _ browser: Browser, _ token: String?) async
            -> Answer
        {
            let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; ")
            var headers = cookies.isEmpty ? [] : [(name: "cookie", value: cookies)]
            if let token { headers.append(("authorization", "Bearer \(token)")) }
            return await server.send(method, path, query: query, headers: headers)
        }
    }

    private static func query(_ parameters: [(String, String)]) -> String {
        parameters.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&")
    }

    private static func names(_ answer: Answer) -> [String] {
        answer.headers.map(\.name).filter { $0 != "set-cookie" }.sorted()
    }

    @Test("status, headers and length are those of GET, and nothing is written, recorded or set in the browser")
    func likeGet() async throws {
        let setting = try await Setting()
        let (server, browser, nobody) = (setting.server, Browser(setting.server), Browser(setting.server))
        let flow = try await Leaving.use("plain", server, browser)
        let hint = HeadRequestTests.query([("id_token_hint", flow.tokens["id_token"] ?? "")])
        let requests = HeadRequestTests.query(Demo.request())
        let wrong = HeadRequestTests.query(Demo.request([("response_type", "nonsense")]))
        let generation = try #require(server.core.generation)
        let taking = generation.routes.fixed.filter { path, _ in !path.contains("oauth2") }.keys.sorted()
        var tried = 0
        for path in taking {
            for query in [nil, requests, wrong, hint, "state=x"] {
                for (who, token) in [
                    (nobody, nil), (browser, nil), (nobody, "nonsense"), (nobody, flow.tokens["access_token"]),
                ] {
                    let before = setting.store.writes
                    let head = await setting.send("HEAD", path, query, who, token)
                    #expect(setting.store.writes == before, "HEAD \(path)?\(query ?? "")")
                    #expect(!head.headers.contains { $0.name == "set-cookie" })
                    // GET may end the session, so it comes second, and without cookies if it would.
                    if path.hasSuffix("/logout"), who === browser { continue }
                    let get = await setting.send("GET", path, query, who, token)
                    #expect(head.status == get.status, "\(path)?\(query ?? "")")
                    if get.status == 405 {
                        #expect(head.header("allow")?.contains("HEAD") == false)
                    } else {
                        tried += 1
                        #expect(HeadRequestTests.names(head) == HeadRequestTests.names(get), "\(path)?\(query ?? "")")
                        #expect(head.body.count == get.body.count, "\(path)?\(query ?? "")")
                    }
                }
            }
        }
        #expect(tried > 60)
    }

    @Test("no code and no token is issued, and the same request works afterwards", arguments: ["house", "single"])
    func givesNothing(_ client: String) async throws {
        let setting = try await Setting()
        let browser = Browser(setting.server)
        _ = await setting.server.code([("client_id", "house")], in: browser)
        let type = client == "single" ? "token" : "code"
        for mode in [nil, "form_post"] {
            let request = HeadRequestTests.query(
                Demo.request([
                    ("client_id", client), ("response_type", type), ("prompt", "none"), ("response_mode", mode),
                ]))
            let before = setting.store.writes
            let head = await setting.send("HEAD", "/auth/authorize", request, browser, nil)
            #expect(head.status == (mode == nil ? 303 : 200) && head.body.isEmpty)
            #expect(head.header("location") == nil && setting.store.writes == before)
            let get = await setting.send("GET", "/auth/authorize", request, browser, nil)
            #expect(get.status == head.status)
            let given = get.query["code"] ?? get.fragment["access_token"] ?? (get.html.contains("form") ? "" : nil)
            #expect(given != nil)
        }
    }

    @Test("nobody is signed out, and no other server is notified")
    func signsNobodyOut() async throws {
        let setting = try await Setting()
        let browser = Browser(setting.server)
        let flow = try await Leaving.use("shop", setting.server, browser)
        let hint = HeadRequestTests.query([("id_token_hint", flow.tokens["id_token"] ?? "")])
        for _ in 0..<3 {
            let head = await setting.send("HEAD", "/auth/logout", hint, browser, nil)
            #expect(head.status == 200 || head.status == 303)
        }
        #expect(!(await Leaving.isOver(browser, "shop")))
        #expect(setting.outbound.requests.isEmpty)
        #expect(!setting.server.log.lines.contains { $0.contains("revoked") })
        _ = await Leaving.logout(browser, [("id_token_hint", flow.tokens["id_token"])])
        #expect(await Leaving.isOver(browser, "shop"))
        let events = try await setting.records.wait { $0.kind == .sessionEnded }
        #expect(events.count { $0.kind == .sessionEnded } == 1)
    }

    @Test("what a plugin keeps of its host has no effect in HEAD, and works afterwards")
    func kept() async throws {
        let outbound = RecordedOutbound()
        let server = try await TestServer(Plugins.all + [.init(Keeping.self)], outbound: outbound)
        #expect(await server.send("HEAD", "/auth/keeping").status == 200)
        #expect(outbound.requests.isEmpty)
        #expect(try await server.core.users.find("kept") == nil)
        let answer = await server.send("GET", "/auth/keeping")
        #expect(answer.status == 200 && answer.json["sent"] == true, "\(answer.json)")
        #expect(outbound.requests.count == 1)
        #expect(try await server.core.users.find("kept") != nil)
    }

    @Test("a refused method gets a list of the allowed ones", .clause("RFC 9110 section 10.2.1"))
    func allow() async throws {
        let server = try await Demo.server()
        for (path, methods) in [
            ("/auth/token", "POST"), ("/auth/authorize", "GET, HEAD, POST"), ("/auth/userinfo", "GET, HEAD, POST"),
            ("/.well-known/jwks.json", "GET, HEAD"), ("/auth/logout", "GET, HEAD, POST"),
        ] {
            for method in ["DELETE", "OPTIONS", "TRACE", "NONSENSE", "get"] {
                let answer = await server.send(method, path)
                #expect(answer.status == 405 && answer.header("allow") == methods, "\(method) \(path)")
                #expect(answer["error_description"]?.contains(methods) == true)
            }
        }
    }

    @Test("a key that HEAD is the first to need is stored, so that what it protects is valid after a restart")
    func epochKey() async throws {
        let setting = try await Setting()
        let user = try #require(try await setting.server.core.users.find("bob"))
        let fresh = try await Setting()
        let under = try await HeadRequest.respond(
            to: ServerRequest(head: RequestHead(method: "HEAD", path: "/"), body: [])
        ) { _ in
            _ = try await fresh.server.core.epochKey()
            return .text("", status: 200)
        }
        #expect(under.status == 200 && user.isActive)
        let kept = try await fresh.server.core.store.read(StoreKey("user_epoch", "key"))
        let used = try await fresh.server.core.epochKey()
        #expect(kept?.value["key"]?.string.map { Secret($0) == used } == true)
    }

    @Test("a task that is started while HEAD is served, and continues afterwards, can write")
    func startedMeanwhile() async throws {
        let server = try await Setting().server
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let task = Mutex<Task<WriteOutcome, any Error>?>(nil)
        let record = StoreRecord(StoreKey("client", "later"), [:], expiresAt: server.clock.now + .seconds(60))
        _ = try await HeadRequest.respond(
            to: ServerRequest(head: RequestHead(method: "HEAD", path: "/"), body: [])
        ) { _ in
            let outcome = try await server.core.store.write([.create(record)])
            #expect(outcome == .committed)
            task.withLock {
                $0 = Task {
                    for await _ in gate { break }
                    return try await server.core.store.write([.create(record)])
                }
            }
            return .text("", status: 200)
        }
        #expect(try await server.core.store.read(record.key) == nil)
        open.yield()
        let outcome = try await task.withLock { $0 }?.value
        #expect(outcome == .committed)
        #expect(try await server.core.store.read(record.key) != nil)
    }

    @Test("what a plugin writes during HEAD is not kept, even if it got the store before")
    func gotBefore() async throws {
        let server = try await Setting().server
        let host = try #require(server.core.generation?.plugins.first { $0.id == "refresh-token" }).host
        let store = host.store
        let record = StoreRecord(StoreKey("refresh_token", "f"), [:], expiresAt: server.clock.now + .seconds(60))
        _ = try await HeadRequest.respond(
            to: ServerRequest(head: RequestHead(method: "HEAD", path: "/"), body: [])
        ) { _ in
            let outcome = try await store.write([.create(record)])
            #expect(outcome == .committed)
            return .text("", status: 200)
        }
        let kept = try await store.read(record.key)
        #expect(kept == nil)
    }

    @Test("a task that is started while a request is served sees later changes of the user")
    func recentUser() async throws {
        let server = try await Demo.server()
        try await server.add(["id": "sam", "password": .string(Demo.password)])
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let core = server.core
        let task = try await RecentRecords.serve {
            let record = try await core.store.read(StoredUser.key("sam"))
            RecentRecords.current?.keep(record, at: StoredUser.key("sam"))
            return Task {
                for await _ in gate { break }
                RecentRecords.current?.keep(record, at: StoredUser.key("sam"))
                return try await core.users.find("sam")?.epoch
            }
        }
        try await server.stored.set(password: Secret("another horse"), of: "sam")
        open.yield()
        let seen = try await task.value
        let now = try await core.users.find("sam")?.epoch
        #expect(seen == now && now != nil)
    }
}
