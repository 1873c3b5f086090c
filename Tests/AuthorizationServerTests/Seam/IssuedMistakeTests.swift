// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// A grant that returns the subject that the request names, and an extension that replaces the issuance on request.
private struct Confused: Plugin, TokenGrant, ResponseExtension {
    static let manifest = PluginManifest(id: "confused", summary: "", specification: "")
    let declaration = GrantDeclaration("confused", client: .identified)
    let parameters = [
        ParameterDeclaration("client"), ParameterDeclaration("user"), ParameterDeclaration("replace"),
        ParameterDeclaration("more"), ParameterDeclaration("for"),
    ]
    let members = ["confused_member"]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(extension: self)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        // The core drops parameters without a value, so "-" is an empty identifier.
        let name = { (id: String) in id == "-" ? "" : id }
        let client = request.parameters["client"].map { Subject.client(name($0)) }
        let user = request.parameters["user"].map { Subject.user(name($0)) }
        let wide = request.parameters["more"] == nil ? nil : AccessLimits(scope: ["read", "more"])
        let elsewhere = request.parameters["for"].map { AccessLimits(scope: ["read"], audience: [$0]) }
        return Authorization(
            subject: client ?? user ?? .client(request.client.id), limits: elsewhere ?? wide ?? request.allowed)
    }

    func extend(_ issuance: inout Issuance) async throws {
        guard case .token(let request) = issuance.answer, let what = request.parameters["replace"] else { return }
        if what == "nothing" { return try issuance.add("undeclared_member", "x") }
        let wide = AccessLimits(scope: ["read", "write", "everything"])
        let limits = what == "limits" ? wide : issuance.limits
        var authorization = issuance.authorization
        if what == "authorization" { authorization.limits = wide }
        if what == "subject" { authorization.subject = .user("mallory") }
        issuance = Issuance(
            authorization: authorization, client: issuance.client, limits: limits, answer: issuance.answer,
            issuedAt: issuance.issuedAt)
    }
}

@Suite("What a plugin cannot have meant is refused when it is issued", .timeLimit(.minutes(10)))
struct IssuedMistakeTests {
    private static let clients: [JSON] = [
        ["id": "c", "grant_types": ["confused"], "scope": ["read"]],
        ["id": "other", "grant_types": ["confused"], "scope": ["read"]],
    ]

    private func server() async throws -> TestServer {
        try await TestServer(Plugins.all + [.init(Confused.self)], clients: Self.clients)
    }

    private func ask(_ server: TestServer, _ form: [(String, String)]) async -> Answer {
        await server.post("/auth/token", [("grant_type", "confused"), ("client_id", "c")] + form)
    }

    @Test(
        "a subject that cannot exist",
        arguments: [
            ("client", "a-stranger", "another client as the subject"),
            ("client", "c\u{301}", "another client as the subject"),
            ("client", "other", "another client as the subject"),
            ("client", "-", "a subject without an identifier"), ("user", "-", "a subject without an identifier"),
        ])
    func subject(_ member: String, _ id: String, _ says: String) async throws {
        let server = try await server()
        let answer = await ask(server, [(member, id)])
        #expect(answer.status == 500 && answer.error == "server_error" && answer["access_token"] == nil)
        let line = try #require(server.log.lines.last { $0.hasPrefix("error failed") })
        #expect(line.contains("the grant 'confused' of the plugin 'confused' returned \(says)"), "\(line)")
        #expect(line.contains(" plugin=confused") && !line.contains("stranger"))
    }

    @Test(
        "but not the client itself, nor a user that another directory knows",
        arguments: [("client", "c"), ("user", "a-guest")])
    func known(_ member: String, _ id: String) async throws {
        #expect(await ask(try await server(), [(member, id)]).status == 200)
    }

    @Test("a line at debug says that the server does not know a user, but not who that is")
    func unknownUser() async throws {
        let plugins = Plugins.all + [.init(Confused.self)]
        let server = try await TestServer(plugins, clients: Self.clients, users: Demo.users)
        let said = "debug the grant returned a user that the server does not know"
        #expect(await ask(server, [("user", "ann")]).status == 200)
        #expect(!server.log.lines.contains { $0.hasPrefix(said) }, "she is declared")
        #expect(await ask(server, [("user", "a-guest")]).status == 200)
        let line = try #require(server.log.lines.last { $0.hasPrefix(said) })
        #expect(line.contains("grant=confused plugin=confused") && !line.contains("a-guest"))
    }

    @Test("an audience that the client may not have is refused, and the log names both")
    func audience() async throws {
        let server = try await server()
        let answer = await ask(server, [("for", "https://elsewhere.example.com")])
        #expect(answer.status == 400 && answer.error == "invalid_target", "\(answer.json)")
        let line = try #require(server.log.lines.last { $0.hasPrefix("info refused") })
        let reason = "the grant is for 'https://elsewhere.example.com', which the client 'c' may not have"
        #expect(line.contains("reason=\(reason)"), "\(line)")
    }

    @Test("scope that the client may not have is left out, and a line at debug says so")
    func excess() async throws {
        let server = try await server()
        let answer = await ask(server, [("more", "yes")])
        #expect(answer.status == 200 && answer["scope"] == "read", "\(answer.json)")
        let line = try #require(server.log.lines.last { $0.contains("it is left out") })
        #expect(line.hasPrefix("debug ") && line.contains("plugin=confused") && line.contains("scope=more"))
    }

    @Test("an issuance that an extension replaced", arguments: ["limits", "authorization", "subject", "members"])
    func replaced(_ what: String) async throws {
        let server = try await server()
        let answer = await ask(server, [("replace", what)])
        #expect(answer.status == 500 && answer["access_token"] == nil, "\(answer.json)")
        let line = try #require(server.log.lines.last { $0.hasPrefix("error failed") })
        #expect(line.contains("an extension of the plugin 'confused' replaced the issuance by another one; it must"))
        #expect(line.contains(" plugin=confused"))
        #expect(await ask(server, []).status == 200)
    }

    @Test("a member that an extension does not declare")
    func undeclaredMember() async throws {
        let server = try await server()
        let answer = await ask(server, [("replace", "nothing")])
        #expect(answer.status == 500 && answer["access_token"] == nil, "\(answer.json)")
        let line = try #require(server.log.lines.last { $0.hasPrefix("error failed") })
        #expect(line.contains("adds 'undeclared_member' to a response without declaring it"), "\(line)")
    }
}
