// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("Nodes when something fails", .timeLimit(.minutes(20)))
struct NodeFaultTests {
    @Test(
        "under load, with faults, nothing is used twice or lost, and everything recovers by itself",
        arguments: ["node killed", "database killed", "database paused", "no connections"])
    func rounds(_ fault: String) async throws {
        try await Folder.with { folder in
            let done = try await onThread {
                try Command.run(
                    "\(Build.root)/Scripts/node-rounds",
                    ["--rounds", "1", "--fault", fault, "--products", Build.products], in: folder)
            }
            // The output has the seed.
            #expect(done.status == 0, "\(done.output)\(done.errors)")
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
