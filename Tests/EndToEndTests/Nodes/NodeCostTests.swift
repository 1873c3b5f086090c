// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("What an operation costs the database", .timeLimit(.minutes(10)))
struct NodeCostTests {
    /// The statements that a cluster logs.
    private struct Statements {
        let cluster: PostgreSQLCluster

        private var logged: [String] {
            let text = (try? String(contentsOfFile: "\(cluster.folder)/log", encoding: .utf8)) ?? ""
            return text.matches(of: /execute grantor_([a-z_]+):/).map { String($0.1) }
        }

        /// The names of the statements of an operation, without those that open and end a transaction.
        ///
        /// A node asks for changes all the time. It also looks for jobs and expired records now and then, so this returns
        /// the fewest of several times.
        func least(_ operation: () throws -> Void) async throws -> (commits: Int, statements: [String]) {
            var found: [[String]] = []
            for _ in 0..<8 {
                let before = logged.count
                try operation()
                // The server writes its log by itself.
                try await Task.sleep(for: .milliseconds(100))
                found.append(Array(logged.dropFirst(before)))
            }
            let framing: Set = ["begin", "commit", "untimed", "relax", "lock", "rollback", "changes"]
            let own = found.map { statements in statements.filter { !framing.contains($0) } }
            let least = own.min { $0.count < $1.count } ?? []
            return (found.map { $0.count { $0 == "commit" } }.min() ?? 0, least.sorted())
        }
    }

    @Test("a JWT costs nothing, an opaque token, a code and a refresh one commit, and an introspection only reads")
    func costs() async throws {
        let cluster = try PostgreSQLCluster(["log_statement=all"])
        let signed = """
              - id: signed
                secret: "\(Nodes.secret)"
                grant_types: [client_credentials]
                scope: [read]
                auth: { client_credentials: { token_format: jwt } }
            """
        try await Folder.with { folder in
            let url = try cluster.schema("costs")
            try folder.write("config.yaml", Nodes.configuration(url, ["jwt-token"], "{}", signed))
            let node = try await Nodes.start(folder)
            defer { node.stop() }
            let log = Statements(cluster: cluster)
            let jwt = try await log.least {
                let answer = try node.token("signed", Nodes.secret)
                #expect(answer.status == 200)
            }
            #expect(jwt.statements == [] && jwt.commits == 0, "\(jwt)")
            var token = ""
            let opaque = try await log.least {
                token = try #require(try node.token("service", Nodes.secret)["access_token"])
            }
            #expect(opaque.commits == 1 && opaque.statements.contains("insert"), "\(opaque)")
            #expect(opaque.statements.count <= 2, "\(opaque)")
            let introspection = try await log.least {
                let seen = try node.post("/auth/introspect", [("token", token)], as: ("service", Nodes.secret))
                #expect(seen.json["active"] == true)
            }
            // The token and, since it was presented before, what may have ended it.
            #expect(introspection.statements == ["read"] && introspection.commits == 0, "\(introspection)")
            try await checkCodes(node, log)
        }
    }

    private func checkCodes(_ node: Program, _ log: Statements) async throws {
        let user = NodeUser(node)
        let page = try user.signIn(from: node, to: node)
        _ = try user.browser.submit(page, [("scope", "read"), ("decision", "allow")])
        var codes: [String] = []
        for _ in 0..<8 { codes.append(try #require(try user.code(at: node))) }
        var refresh: [String] = []
        let redemption = try await log.least {
            let answer = try node.post("/auth/token", NodeUser.redeem(codes.removeLast()), as: NodeUser.app)
            refresh.append(try #require(answer["refresh_token"], "\(answer.body)"))
        }
        #expect(redemption.commits == 1 && redemption.statements.contains("redeem"), "\(redemption)")
        #expect(redemption.statements.count <= 7, "\(redemption)")
        let rotation = try await log.least {
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.removeLast())]
            let answer = try node.post("/auth/token", form, as: NodeUser.app)
            #expect(answer.status == 200)
        }
        #expect(rotation.commits == 1 && rotation.statements.contains("replace"), "\(rotation)")
        #expect(rotation.statements.count <= 6, "\(rotation)")
    }
}
#endif
