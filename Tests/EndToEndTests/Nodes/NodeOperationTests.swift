// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("Two nodes are operated as Docs/Operating says", .timeLimit(.minutes(20)))
struct NodeOperationTests {
    /// Two nodes with the page's configuration on ports of their own, and a load balancer.
    private final class Site {
        let folders: [Folder]
        let ports: [UInt16]
        let balancer: LoadBalancer
        private(set) var nodes: [Program]

        init(_ kind: LoadBalancer.Kind, _ url: String, in folder: Folder) async throws {
            let ports = [try FreePort.take(), try FreePort.take()]
            folders = ports.map { Folder(path: "\(folder.path)/\($0)") }
            for (folder, port) in zip(folders, ports) {
                try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
                try folder.write("config.yaml", try Site.configuration(url, port))
                try folder.write("seal", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
                for name in ["config.yaml", "seal"] { chmod("\(folder.path)/\(name)", 0o600) }
            }
            nodes = []
            for folder in folders { nodes.append(try await Program.start(folder)) }
            self.ports = ports
            balancer = try await LoadBalancer(kind, ports, in: folder)
        }

        private static func configuration(_ url: String, _ port: UInt16) throws -> String {
            let written = try OperatingPage("two-nodes").block("yaml")
            let changed = written.replacing(/postgresql:[^"]*/, with: url).replacing("8081", with: "\(port)")
                .replacing(/monitoring:.*\n/, with: "")
            #expect(changed.contains(url) && changed.contains("\(port)"))
            return changed + """
                clients:
                  - { id: service, secret: "\(Nodes.secret)", grant_types: [client_credentials], scope: [read] }
                """
        }

        func restart(_ place: Int) async throws {
            nodes[place].stop()
            nodes[place] = try await Program.start(folders[place])
        }

        func stop() {
            balancer.stop()
            for node in nodes where node.isRunning { node.stop() }
        }
    }

    @Test(
        "behind the load balancer, no request is lost while nodes are updated, and one node is enough",
        arguments: LoadBalancer.Kind.allCases)
    func balanced(_ kind: LoadBalancer.Kind) async throws {
        let cluster = try PostgreSQLCluster()
        try await Folder.with { folder in
            let site = try await Site(kind, try cluster.schema("balanced"), in: folder)
            defer { site.stop() }
            let first = try await site.balancer.token()
            #expect(first.status == 200 && first.head.contains("strict-transport-security"), "\(first)")
            let balancer = site.balancer
            async let statuses = balancer.load(160, pause: 0.05)
            for place in 0...1 {
                // As the page about upgrades says.
                try await Task.sleep(for: .seconds(2))
                try await site.restart(place)
            }
            let during = try await statuses
            #expect(during.count == 160 && Set(during) == ["200"], "while nodes were updated: \(during)")
            site.nodes[0].kill9()
            #expect(Set(try await site.balancer.load(20, pause: 0.06)) == ["200"], "after a node was killed")
            let long = "/.well-known/jwks.json?a=\(String(repeating: "a", count: 11_900))"
            #expect(try await site.balancer.send(long).status == 200, "a URL of 12,000 bytes")
            try await checkDatabaseAway(site, cluster)
        }
    }

    private func checkDatabaseAway(_ site: Site, _ cluster: PostgreSQLCluster) async throws {
        cluster.stop(SIGQUIT)
        // Health checks need a moment to find out.
        try await Task.sleep(for: .seconds(4))
        let away = try await site.balancer.token()
        #expect(away.status == 503 && away.head.contains("retry-after: 1"), "\(away)")
        #expect(away.body.contains("temporarily_unavailable"), "the response is the node's")
        try cluster.start()
        #expect(try await Patience.wait(.milliseconds(200)) { try await site.balancer.token().status == 200 })
    }

    @Test("nodes of a version continue while a newer one adds to the tables, and start again with them")
    func newerTables() async throws {
        let cluster = try PostgreSQLCluster()
        let url = try cluster.schema("newer")
        try await Folder.with { folder in
            try folder.write("config.yaml", Nodes.configuration(url))
            var nodes = [try await Nodes.start(folder), try await Nodes.start(folder)]
            defer { for node in nodes where node.isRunning { node.stop() } }
            let before = try #require(try nodes[0].token("service", Nodes.secret)["access_token"])
            let (first, second) = (nodes[0], nodes[1])
            async let load = Self.load([first, second])
            try await Task.sleep(for: .milliseconds(500))
            // What the next version may do, by the rule of 'Schema'.
            try cluster.sql(
                """
                BEGIN; SET LOCAL lock_timeout = '3s'; SET search_path = tnewer;
                ALTER TABLE grantor_record ADD COLUMN added text NOT NULL DEFAULT 'new';
                ALTER TABLE grantor_counter ADD COLUMN added bigint;
                CREATE INDEX added ON grantor_record (added);
                CREATE TABLE grantor_added (id bytea PRIMARY KEY);
                UPDATE grantor_schema SET version = version + 1; COMMIT
                """)
            let statuses = try await load
            #expect(statuses.count == 400 && Set(statuses) == [200], "\(Set(statuses))")
            nodes[0].stop()
            nodes[0] = try await Nodes.start(folder)
            for node in nodes {
                let user = NodeUser(node)
                #expect(try user.signIn(from: nodes[0], to: nodes[1]).body.contains("decision"))
                let seen = try node.post("/auth/introspect", [("token", before)], as: ("service", Nodes.secret))
                #expect(seen.json["active"] == true)
            }
            try cluster.sql("UPDATE tnewer.grantor_schema SET readable_from = version")
            nodes[1].stop()
            await #expect(throws: ConfigurationError.self) { try await Nodes.start(folder) }
        }
    }

    /// The statuses of many requests at both nodes.
    private static func load(_ nodes: [Program]) async throws -> [Int] {
        try await withThrowingTaskGroup(of: [Int].self) { group in
            for place in 0..<4 {
                group.addTask {
                    try await onThread {
                        try (0..<50).flatMap { _ in
                            let token = try nodes[place % 2].token("service", Nodes.secret)
                            usleep(10_000)
                            let form = [("token", token["access_token"] ?? "")]
                            let other = nodes[(place + 1) % 2]
                            return [
                                token.status,
                                try other.post("/auth/revoke", form, as: ("service", Nodes.secret)).status,
                            ]
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
#endif
