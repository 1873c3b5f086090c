// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("What one node changes, the other sees at its next request", .timeLimit(.minutes(10)))
struct NodeAgreementTests {
    /// The admin API at either node.
    private struct Administrator {
        let token: String

        init(_ node: Program) throws {
            let answer = try node.token("service", Nodes.secret, [("scope", "admin")])
            token = try #require(answer["access_token"])
        }

        func send(_ method: String, _ path: String, _ body: JSON = [:], to node: Program) throws {
            let text = body.text
            let type = method == "PATCH" ? "application/merge-patch+json" : "application/json"
            let answer = try HTTPSocket(port: node.port).exchange(
                "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                    + "Content-Type: \(type)\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n\(text)")
            #expect([200, 201, 204].contains(answer.status), "\(method) \(path): \(answer.body)")
        }
    }

    private func signIn(_ password: String, at node: Program) throws -> HTTPAnswer {
        try node.post(
            "/auth/token", [("grant_type", "password"), ("username", "bob"), ("password", password)],
            as: ("mobile", Nodes.secret))
    }

    @Test("a user who is created, gets another password, is made inactive or is removed")
    func users() async throws {
        try await Nodes.with { nodes in
            let (first, second) = (nodes.first, nodes.second)
            let admin = try Administrator(first)
            try admin.send("PUT", "/User/bob", ["userName": "bob", "password": "the first password"], to: first)
            let former = try #require(try signIn("the first password", at: second)["access_token"])
            #expect(try isActive(former, nodes, [true, true]))
            try admin.send("PATCH", "/User/bob", ["password": "the second password"], to: first)
            #expect(try isActive(former, nodes, [false, false]), "the password ended it")
            #expect(try signIn("the first password", at: second).status == 400)
            let token = try #require(try signIn("the second password", at: second)["access_token"])
            #expect(try isActive(token, nodes, [true, true]))
            try admin.send("PATCH", "/User/bob", ["inactive": true], to: second)
            #expect(try isActive(token, nodes, [false, false]))
            #expect(try signIn("the second password", at: first).status == 400)
            try admin.send("PATCH", "/User/bob", ["inactive": false], to: first)
            #expect(try signIn("the second password", at: second).status == 200)
            try admin.send("DELETE", "/User/bob", to: second)
            #expect(try signIn("the second password", at: first).status == 400)
        }
    }

    /// Whether each node says of a token what it should.
    private func isActive(_ token: String, _ nodes: Nodes, _ expected: [Bool]) throws -> Bool {
        try nodes.programs.map { node in
            let answer = try node.post("/auth/introspect", [("token", token)], as: ("mobile", Nodes.secret))
            return answer.json["active"] == true
        } == expected
    }

    @Test("a client that is created, gets another secret or is removed")
    func clients() async throws {
        try await Nodes.with { nodes in
            let (first, second) = (nodes.first, nodes.second)
            let admin = try Administrator(second)
            let robot: JSON = [
                "secret": "the first secret of all", "grant_types": ["client_credentials"], "scope": ["read"],
            ]
            try admin.send("PUT", "/Client/robot", robot, to: first)
            #expect(try second.token("robot", "the first secret of all").status == 200)
            try admin.send("PATCH", "/Client/robot", ["secret": "the second secret of all"], to: second)
            #expect(try first.token("robot", "the first secret of all").status == 401)
            #expect(try first.token("robot", "the second secret of all").status == 200)
            try admin.send("DELETE", "/Client/robot", to: first)
            #expect(try second.token("robot", "the second secret of all").status == 401)
        }
    }

    @Test("a token that is revoked")
    func revocations() async throws {
        try await Nodes.with { nodes in
            for (place, issuer) in nodes.programs.enumerated() {
                let other = nodes.programs[1 - place]
                let token = try #require(try issuer.token("service", Nodes.secret)["access_token"])
                for node in nodes.programs { #expect(try nodes.isActive(token, at: node)) }
                let answer = try other.post("/auth/revoke", [("token", token)], as: ("service", Nodes.secret))
                #expect(answer.status == 200)
                for node in nodes.programs { #expect(try !nodes.isActive(token, at: node)) }
            }
        }
    }

    @Test("a sign-in that began at the other node, a consent, and the end of a consent")
    func consents() async throws {
        try await Nodes.with { nodes in
            let (first, second) = (nodes.first, nodes.second)
            let user = NodeUser(first)
            let page = try user.signIn(from: first, to: second)
            #expect(page.body.contains("decision"), "it asks for consent: \(page.head)")
            user.browser.program = first
            let code = try #require(
                NodeUser.code(try user.browser.submit(page, [("scope", "read"), ("decision", "allow")])))
            let tokens = try second.post("/auth/token", NodeUser.redeem(code), as: NodeUser.app)
            #expect(tokens.status == 200, "\(tokens.body)")
            #expect(try user.code(at: second) != nil, "the other node does not ask again")
            let access = try #require(tokens["access_token"])
            #expect(try isActive(access, for: NodeUser.app, at: first))
            let grants = try user.browser.open("/auth/grants")
            let question = try user.browser.submit(grants, [("client", "app")], to: "/auth/grants")
            _ = try user.browser.submit(question, [("client", "app")], to: "/auth/grants")
            #expect(try user.code(at: first) == nil, "the consent has ended, so it asks")
            for node in nodes.programs { #expect(try !isActive(access, for: NodeUser.app, at: node)) }
        }
    }

    private func isActive(_ token: String, for client: (String, String), at node: Program) throws -> Bool {
        try node.post("/auth/introspect", [("token", token)], as: client).json["active"] == true
    }

    @Test("wrong passwords, which are counted together")
    func attempts() async throws {
        try await Nodes.with { nodes in
            let answers = await nodes.race(
                [("grant_type", "password"), ("username", "ann"), ("password", "wrong")], as: ("mobile", Nodes.secret))
            #expect(answers.count == 64)
            let tried = answers.filter { $0.status == 400 }
            #expect((1...6).contains(tried.count), "\(tried.count) of 64 attempts were compared with the password")
            let waiting = answers.filter { $0.status == 503 }
            #expect(waiting.count + tried.count == 64 && waiting.allSatisfy { $0.header("retry-after") != nil })
        }
    }
}
#endif
