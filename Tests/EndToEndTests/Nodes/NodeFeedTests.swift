// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("A JWT that another process ends is inactive within a second", .timeLimit(.minutes(10)))
struct NodeFeedTests {
    private static let client = """
          - id: signed
            secret: "\(Self.secret)"
            grant_types: [client_credentials, password]
            scope: [read]
            auth: { client_credentials: { token_format: jwt }, password: { token_format: jwt } }
        """
    private static let secret = "a secret of the test nodes"

    private func isActive(_ token: String, at node: Program) throws -> Bool {
        let answer = try node.post("/auth/introspect", [("token", token)], as: ("signed", Self.secret))
        #expect(answer.status == 200, "\(answer.head)")
        return answer.json["active"] == true
    }

    /// Ends a token, and checks it after a second.
    private func expectEnd(of token: String, at nodes: [Program], _ end: () throws -> Void) async throws {
        for node in nodes { #expect(try isActive(token, at: node)) }
        try end()
        try await Task.sleep(for: .seconds(1))
        for node in nodes { #expect(try !isActive(token, at: node)) }
    }

    #if POSTGRESQL
    @Test("two nodes on PostgreSQL: a token is revoked, and a user is made inactive")
    func postgreSQL() async throws {
        try await Nodes.with(plugins: ["jwt-token"], clients: Self.client) { nodes in
            for (place, node) in nodes.programs.enumerated() {
                let token = try #require(try node.token("signed", Self.secret)["access_token"])
                try await expectEnd(of: token, at: nodes.programs) {
                    let answer = try nodes.programs[1 - place].post(
                        "/auth/revoke", [("token", token)], as: ("signed", Self.secret))
                    #expect(answer.status == 200)
                }
            }
            try await endWithUser(nodes.programs, nodes.folder)
        }
    }
    #endif

    @Test("a server on SQLite, and commands beside it")
    func sqlite() async throws {
        try await Folder.with { folder in
            try folder.write(
                "config.yaml",
                """
                issuer: http://127.0.0.1:8080
                listen: { port: 0 }
                plugins: [sqlite-store, jwt-token, client-credentials, password, introspection]
                clients:
                \(Self.client)
                """)
            let program = try await Program.start(folder, secrets: [Self.secret])
            defer { program.stop() }
            try await endWithUser([program], folder)
        }
    }

    /// Ends a user's token by a command, which is a process of its own.
    private func endWithUser(_ nodes: [Program], _ folder: Folder) async throws {
        try folder.write("pw", "the first password")
        let added = try Command.grantor("users", "add", "bob", "--password-file", "pw", in: folder)
        #expect(added.status == 0, "\(added.errors)")
        let answer = try nodes[0].post(
            "/auth/token", [("grant_type", "password"), ("username", "bob"), ("password", "the first password")],
            as: ("signed", Self.secret))
        let token = try #require(answer["access_token"], "\(answer.body)")
        try await expectEnd(of: token, at: nodes) {
            let ended = try Command.grantor("users", "disable", "bob", in: folder)
            #expect(ended.status == 0, "\(ended.errors)")
        }
    }
}
