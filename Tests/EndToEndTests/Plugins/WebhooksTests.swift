// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Synchronization
import Testing

/// A receiver of security event tokens, and a server that sends them to it.
private enum Hooked {
    static let secrets = ["demo-shop", "demo-ann", "demo-manager", "demo-hook"]

    static func configuration(_ port: UInt16) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        log: { level: warning }
        plugins:
          - plugin: sqlite-store
            settings: { path: grantor.db }
          - jwt-token
          - authorization-code
          - client-credentials
          - password-login
          - openid
          - logout
          - revocation
          - admin-api
          - plugin: webhooks
            settings:
              receivers:
                - { url: "http://127.0.0.1:\(port)/events", secret: demo-hook }
        clients:
          - id: shop
            secret: demo-shop
            first_party: true
            grant_types: [authorization_code]
            scope: [openid]
            auth:
              authorization_code: { redirect_uri: "https://shop.example/callback", pkce: false }
          - { id: manager, secret: demo-manager, grant_types: [client_credentials], scope: [admin] }
        users:
          - { id: ann, password: demo-ann }
        """
    }

    static func start(_ folder: Folder) async throws -> Program {
        try await Program.start(folder, secrets: secrets)
    }

    static func token(_ request: String) -> String {
        request.components(separatedBy: "\r\n\r\n").last ?? ""
    }

    static func part(_ number: Int, of token: String) throws -> JSON {
        let parts = token.split(separator: ".")
        // What a server that was killed has sent may be incomplete.
        guard parts.count == 3, let bytes = Base64URL.decode(parts[number].utf8) else { throw HTTPSocket.Failure() }
        return try JSON(parsing: bytes)
    }

    /// What a token is about: the event and the id of its subject.
    static func subject(_ claims: JSON) -> String {
        let kind = claims["events"]?.members.first?.value["event"]?.string ?? ""
        let subject = claims["sub_id"]
        let ids = [subject?["session"]?["id"], subject?["sub"], subject?["jti"]].compactMap { $0?.string }
        return "\(kind) \(ids.first ?? "")"
    }

    static func managerToken(_ program: Program) throws -> String? {
        try program.token("manager", "demo-manager", [("scope", "admin")])["access_token"]
    }

    static func addUser(_ id: String, _ program: Program, _ token: String) throws -> Int {
        let body = "{\"id\":\"\(id)\"}"
        return try HTTPSocket(port: program.port).exchange(
            "POST /User HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
                + body
        ).status
    }

    /// Signs in and out.
    ///
    /// - Returns: The session, if the server said that the user is signed out.
    static func session(_ program: Program) throws -> String? {
        let browser = WebBrowser(program)
        let page = try browser.open("/auth/authorize?response_type=code&client_id=shop&scope=openid")
        let landed = try browser.submit(page, [("username", "ann"), ("password", "demo-ann")])
        guard let code = (landed.header("location") ?? "").firstMatch(of: /code=([^&]*)/)?.1 else { return nil }
        let tokens = try program.post(
            "/auth/token", [("grant_type", "authorization_code"), ("code", String(code))], as: ("shop", "demo-shop"))
        guard let hint = tokens["id_token"] else { return nil }
        let session = try part(1, of: hint)["sid"]?.string
        let last = try browser.open("/auth/logout?id_token_hint=\(hint)")
        return last.body.contains("You are signed out") ? session : nil
    }
}

@Suite("Security event tokens of the real program", .timeLimit(.minutes(10)))
struct WebhooksTests {
    @Test(
        "a token verifies with the published keys and another implementation", .clause("RFC 8417 section 2.3"))
    func verifies() async throws {
        try await Folder.with { folder in
            let receiver = try OtherServer { _ in OtherServer.reply("202 Accepted") }
            try folder.write("config.yaml", Hooked.configuration(receiver.port))
            let program = try await Hooked.start(folder)
            defer { program.stop() }
            let session = try #require(try Hooked.session(program))
            try await Patience.wait { receiver.requests.count >= 2 }
            let sent = try receiver.requests.map { try Hooked.part(1, of: Hooked.token($0)) }
            #expect(Set(sent.map(Hooked.subject)) == ["signed_in \(session)", "session_ended \(session)"])
            let request = try #require(receiver.requests.first)
            #expect(request.hasPrefix("POST /events HTTP/1.1\r\n"))
            #expect(request.lowercased().contains("\r\ncontent-type: application/secevent+jwt\r\n"))
            #expect(request.contains("Bearer demo-hook\r\n"))
            let token = Hooked.token(request)
            let header = try Hooked.part(0, of: token)
            #expect(header["typ"] == "secevent+jwt")
            let keys = try program.get("/.well-known/jwks.json").json["keys"]?.elements ?? []
            let key = try #require(keys.first(where: { $0["kid"] == header["kid"] }))
            #expect(try OpenSSLCommand(folder).verifies(token, key))
            #expect(try !OpenSSLCommand(folder).verifies(token.replacing("eyJ", with: "eyK"), key))
        }
    }

    @Test("a change by a command reaches the receiver through the server that runs")
    func command() async throws {
        try await Folder.with { folder in
            let receiver = try OtherServer { _ in OtherServer.reply("202 Accepted") }
            try folder.write("config.yaml", Hooked.configuration(receiver.port))
            let program = try await Hooked.start(folder)
            defer { program.stop() }
            let token = try #require(try Hooked.managerToken(program))
            #expect(try Hooked.addUser("eve", program, token) == 201)
            #expect(try Command.grantor("users", "disable", "eve", in: folder).status == 0)
            try await Patience.wait { receiver.requests.count >= 2 }
            let types = try receiver.requests.compactMap {
                try Hooked.part(1, of: Hooked.token($0))["events"]?.members.first?.name
            }
            #expect(
                Set(types) == [
                    "http://127.0.0.1:8080/events/user_changed",
                    "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
                ])
        }
    }

    @Test("an undelivered token survives kill -9 of the server and arrives once it can")
    func killed() async throws {
        try await Folder.with { folder in
            // A port at which nothing listens yet.
            let port = try FreePort.take()
            try folder.write("config.yaml", Hooked.configuration(port))
            let first = try await Hooked.start(folder)
            let token = try #require(try Hooked.managerToken(first))
            #expect(try Hooked.addUser("eve", first, token) == 201)
            try await Patience.wait { first.log.contains("tried again later") }
            first.kill9()
            let receiver = try OtherServer(port: port) { _ in OtherServer.reply("202 Accepted") }
            let second = try await Hooked.start(folder)
            defer { second.stop() }
            try await Patience.wait { !receiver.requests.isEmpty }
            let request = try #require(receiver.requests.first, "\(second.log)")
            #expect(Hooked.subject(try Hooked.part(1, of: Hooked.token(request))) == "user_changed eve")
        }
    }
}

@Suite("kill -9 at any moment while sessions end and users change", .timeLimit(.minutes(20)))
struct WebhookKillTests {
    /// The events of changes that were answered with success, and those that reached the receiver.
    private final class Told: Sendable {
        private let all = Mutex<Set<String>>([])

        func add(_ event: String) { all.withLock { _ = $0.insert(event) } }
        var events: Set<String> { all.withLock { $0 } }
    }

    @Test("no promised event of a change that was answered with success is lost")
    func survives() async throws {
        try await Folder.with { folder in
            let (answered, received) = (Told(), Told())
            let receiver = try OtherServer { request in
                if let claims = try? Hooked.part(1, of: Hooked.token(request)) { received.add(Hooked.subject(claims)) }
                return OtherServer.reply("202 Accepted")
            }
            try folder.write("config.yaml", Hooked.configuration(receiver.port))
            for round in 0..<Races.rounds {
                let program = try await Hooked.start(folder)
                let before = answered.events.count
                let load = (0..<4).map { Self.load($0, round, program, answered) }
                try await Patience.wait { answered.events.count >= before + 10 }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...160)))
                program.kill9()
                for task in load { await task.value }
                #expect(answered.events.count >= before + 10, "round \(round) had no load")
            }
            let last = try await Hooked.start(folder)
            defer { last.kill9() }
            try await Patience.wait { answered.events.subtracting(received.events).isEmpty }
            #expect(answered.events.subtracting(received.events).isEmpty, "these are lost")
            for kind in ["session_ended", "user_changed", "token_revoked"] {
                #expect(answered.events.contains { $0.hasPrefix("\(kind) ") }, "\(kind) was never answered")
            }
        }
    }

    private static func load(_ number: Int, _ round: Int, _ program: Program, _ answered: Told) -> Task<Void, Never> {
        Task {
            try? await onThread {
                guard number > 0 else { return try sessions(program, answered) }
                try changes(number, round, program, answered)
            }
        }
    }

    /// Signs in and out until the server is killed.
    private static func sessions(_ program: Program, _ answered: Told) throws {
        while let session = try Hooked.session(program) { answered.add("session_ended \(session)") }
    }

    /// Adds users and revokes tokens until the server is killed.
    private static func changes(_ number: Int, _ round: Int, _ program: Program, _ answered: Told) throws {
        guard let token = try Hooked.managerToken(program) else { return }
        for count in 0..<10_000 {
            let id = "u-\(round)-\(number)-\(count)"
            guard try Hooked.addUser(id, program, token) == 201 else { return }
            answered.add("user_changed \(id)")
            guard let other = try Hooked.managerToken(program),
                let jti = try Hooked.part(1, of: other)["jti"]?.string,
                try program.post("/auth/revoke", [("token", other)], as: ("manager", "demo-manager")).status == 200
            else { return }
            answered.add("token_revoked \(jti)")
        }
    }
}
