// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

/// Two nodes: the real program twice, with one configuration and one database, each on a port of its own.
struct Nodes {
    static let secret = "a secret of the test nodes"

    let folder: Folder
    let programs: [Program]

    var first: Program { programs[0] }
    var second: Program { programs[1] }

    /// Runs a test with two nodes on empty tables.
    static func with(
        plugins: [String] = [], keys: String = "{}", clients: String = "", _ body: (Nodes) async throws -> Void
    ) async throws {
        let url = try PostgreSQLCluster.shared.get().schema()
        try await Folder.with { folder in
            try folder.write("config.yaml", configuration(url, plugins, keys, clients))
            let programs = [try await start(folder), try await start(folder)]
            defer { for program in programs where program.isRunning { program.stop() } }
            try await body(Nodes(folder: folder, programs: programs))
        }
    }

    static func start(_ folder: Folder) async throws -> Program {
        try await Program.start(folder, secrets: [secret, "demo-ann"])
    }

    /// The configuration of a node.
    static func configuration(
        _ url: String, _ plugins: [String] = [], _ keys: String = "{}", _ clients: String = ""
    ) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        log: { level: notice, format: json }
        keys: \(keys)
        plugins:
          - plugin: postgres-store
            settings: { url: "\(url)", pool: 4, statement_timeout: 60s }
        \((usual + plugins).map { "  - \($0)\n" }.joined())
        clients:
          - { id: service, secret: "\(secret)", grant_types: [client_credentials], scope: [read, admin] }
          - { id: mobile, secret: "\(secret)", grant_types: [password], scope: [read] }
          - { id: tv, grant_types: [device_code], scope: [read] }
          - id: app
            secret: "\(secret)"
            grant_types: [authorization_code]
            scope: [openid, read]
            auth:
              authorization_code: { redirect_uri: "http://127.0.0.1:9/cb", pkce: false, refresh_token: true }
        \(clients)
        users:
          - { id: ann, password: demo-ann }
        """
    }

    private static let usual = [
        "opaque-token", "client-credentials", "password", "authorization-code", "password-login", "openid",
        "introspection", "revocation", "admin-api", "device-authorization", "sessions-api",
        "{ plugin: refresh-token, settings: { grace: 0s } }",
    ]

    /// Sends one form 64 times at once, half of it to each node.
    func race(_ form: [(String, String)], as client: (String, String)? = nil) async -> [HTTPAnswer] {
        await race { node in try node.post("/auth/token", form, as: client) }
    }

    /// Does something 64 times at once, half of it at each node.
    func race(_ ask: @escaping @Sendable (Program) throws -> HTTPAnswer) async -> [HTTPAnswer] {
        await withTaskGroup(of: HTTPAnswer?.self) { group in
            for number in 0..<64 {
                let node = programs[number % 2]
                group.addTask { try? await onThread { try ask(node) } }
            }
            return await group.reduce(into: []) { all, answer in if let answer { all.append(answer) } }
        }
    }

    func isActive(_ token: String, at node: Program) throws -> Bool {
        let answer = try node.post("/auth/introspect", [("token", token)], as: ("service", Nodes.secret))
        #expect(answer.status == 200, "\(answer.head)")
        return answer.json["active"] == true
    }
}

/// What a user does at the nodes, with one browser.
final class NodeUser {
    static let path = "/auth/authorize?response_type=code&client_id=app&scope=read"
    static let app = ("app", Nodes.secret)

    let browser: WebBrowser

    init(_ node: Program) {
        browser = WebBrowser(node)
    }

    /// Begins a sign-in at one node and ends it at another.
    ///
    /// - Returns: The page that asks for consent.
    func signIn(from first: Program, to second: Program) throws -> HTTPAnswer {
        browser.program = first
        let page = try browser.open(NodeUser.path)
        browser.program = second
        return try browser.submit(page, [("username", "ann"), ("password", "demo-ann")])
    }

    /// The code in a redirect to the client; nil if there is none.
    static func code(_ answer: HTTPAnswer) -> String? {
        answer.header("location")?.firstMatch(of: /[?&]code=([^&]*)/).map { String($0.1) }
    }

    /// A new code from a node that remembers session and consent; nil if it asks.
    func code(at node: Program) throws -> String? {
        browser.program = node
        return NodeUser.code(try browser.open(NodeUser.path))
    }

    static func redeem(_ code: String) -> [(String, String)] { [("grant_type", "authorization_code"), ("code", code)] }
}
#endif
