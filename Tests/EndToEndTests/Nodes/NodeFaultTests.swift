// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("Nodes when something fails", .timeLimit(.minutes(20)))
struct NodeFaultTests {
    @Test(
        "under load, with every fault, nothing is used twice or lost, and everything recovers by itself",
        arguments: [
            ["--each", "--rounds", "0"], ["--rounds", "10"],
            ["--network", "proxies", "--fault", "network cut", "--rounds", "2"],
        ])
    func rounds(_ options: [String]) async throws {
        try await Folder.with { folder in
            let done = try await onThread {
                try Command.run(
                    "\(Build.root)/Scripts/node-rounds", options + ["--products", Build.products], in: folder,
                    patience: 900)
            }
            // The output has the seeds.
            #expect(done.status == 0, "\(done.output)\(done.errors)")
        }
    }

    @Test("a start warns of a database that can lose commits in a failover")
    func warnings() async throws {
        let primary = try PostgreSQLCluster(["fsync=on"])
        try primary.sql("CREATE ROLE ann LOGIN; GRANT ALL ON SCHEMA public TO ann")
        let standby = try PostgreSQLCluster(standbyOf: primary)
        try await Patience.wait {
            try primary.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"
        }
        let url = "postgresql://ann@/postgres?host=\(standby.folder),\(primary.folder)"
        let (asynchronous, early) = ("the database replicates asynchronously", "commits do not wait for the standby")
        let first = try await Self.log(url)
        #expect(first.contains(asynchronous) && !first.contains(early), "\(first)")
        try primary.set("synchronous_standby_names", "*")
        let second = try await Self.log(url)
        #expect(!second.contains(asynchronous) && !second.contains(early), "\(second)")
        try primary.sql("ALTER ROLE ann SET synchronous_commit = local")
        let third = try await Self.log(url)
        #expect(!third.contains(asynchronous) && third.contains(early), "\(third)")
    }

    /// What a node logs at its start.
    private static func log(_ url: String) async throws -> String {
        try await Folder.with { folder in
            try folder.write("config.yaml", Nodes.configuration(url))
            let node = try await Nodes.start(folder)
            defer { node.stop() }
            return node.log
        }
    }

    @Test("a crash of the database loses counts, but no assertion that was used, and no revocation")
    func lostCounts() async throws {
        // What is not flushed at the commit would wait for ten seconds.
        let cluster = try PostgreSQLCluster(["fsync=on", "wal_writer_delay=10s", "bgwriter_delay=10s"])
        let signer = try Signer()
        let robot = "  - { id: robot, jwks: \(signer.keys.text), grant_types: [client_credentials], scope: [read] }"
        let url = try cluster.schema("counts")
        try await Folder.with { folder in
            try folder.write("config.yaml", Nodes.configuration(url, ["client-assertion"], "{}", robot))
            let nodes = [try await Nodes.start(folder), try await Nodes.start(folder)]
            defer { for node in nodes { node.stop() } }
            let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
            let form = [
                ("grant_type", "client_credentials"),
                (
                    "client_assertion",
                    try signer.sign(signer.claims(at: now).changed(by: ["aud": "http://127.0.0.1:8080"]))
                ),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ]
            let revoked = try #require(try nodes[0].token("service", Nodes.secret)["access_token"])
            #expect(
                try nodes[0].post("/auth/revoke", [("token", revoked)], as: ("service", Nodes.secret)).status == 200)
            #expect(try nodes[0].post("/auth/token", form).status == 200)
            let wrong = [("grant_type", "password"), ("username", "ann"), ("password", "wrong")]
            #expect(try nodes[0].post("/auth/token", wrong, as: ("mobile", Nodes.secret)).status == 400)
            let counters = "SELECT count(*) FROM tcounts.grantor_counter"
            let before = try cluster.sql(counters)
            cluster.stop(SIGKILL)
            try cluster.start()
            let after = try cluster.sql(counters)
            #expect(before != after, "a count that waits is lost: \(before), \(after)")
            for node in nodes {
                try await Patience.wait { try node.get("/health/ready").status == 200 }
                try await Patience.wait { try node.token("service", Nodes.secret).status == 200 }
                #expect(try node.post("/auth/token", form).status == 401, "it was used before the crash")
                let seen = try node.post("/auth/introspect", [("token", revoked)], as: ("service", Nodes.secret))
                #expect(seen.json["active"] == false)
            }
        }
    }

    @Test("while the database is away, pages, endpoints and health checks say so, and when to try again")
    func away() async throws {
        let cluster = try PostgreSQLCluster()
        try await Folder.with { folder in
            try folder.write("config.yaml", Nodes.configuration(try cluster.schema("away")))
            let node = try await Nodes.start(folder)
            defer { node.stop() }
            let user = NodeUser(node)
            let page = try user.browser.open(NodeUser.path)
            cluster.stop(SIGQUIT)
            let posted = try user.browser.submit(page, [("username", "ann"), ("password", "demo-ann")])
            let answers = [
                posted, try node.get("/health/ready"), try node.token("service", Nodes.secret),
            ]
            for answer in answers {
                #expect(answer.status == 503 && answer.header("retry-after") == "1", "\(answer.head)")
            }
            #expect(try node.get("/health/live").status == 200)
            try cluster.start()
            try await Patience.wait { try node.get("/health/ready").status == 200 }
            try await Patience.wait { try node.token("service", Nodes.secret).status == 200 }
            #expect(try node.token("service", Nodes.secret).status == 200)
        }
    }

    @Test("a node whose clock is 40 seconds off is not ready and serves nothing, until it is right again")
    func clock() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let url = try cluster.shiftedClock("nodeclock")
        try await Folder.with { folder in
            try folder.write("config.yaml", Nodes.configuration(url))
            let node = try await Nodes.start(folder)
            defer { node.stop() }
            #expect(try node.get("/health/ready").status == 200)
            for seconds in [40, -40] {
                try cluster.sql("UPDATE tnodeclock.shift SET seconds = \(seconds)")
                try await Patience.wait { try node.get("/health/ready").status == 503 }
                let token = try node.token("service", Nodes.secret)
                #expect(token.status == 503 && token.header("retry-after") == "1")
                let word = seconds > 0 ? "behind" : "ahead of"
                #expect(node.log.contains("seconds \(word) that of the database; synchronize the clocks"))
                try cluster.sql("UPDATE tnodeclock.shift SET seconds = 0")
                try await Patience.wait { try node.get("/health/ready").status == 200 }
                #expect(try node.token("service", Nodes.secret).status == 200)
            }
        }
    }
}
#endif
