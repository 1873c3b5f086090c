// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("Plugins in processes of their own at two nodes", .timeLimit(.minutes(10)))
struct NodeProcessTests {
    private static let python = "\(Build.root)/Languages/Python"
    private static let badge = """
        { plugin: badge-grant, command: [/usr/bin/python3, -Bs, \(python)/badge_grant.py], \
        files: [\(python)/grantor.py], settings: { limit: 3 }, limits: { call: 30s, instances: 2 } }
        """
    private static let client =
        "  - { id: gate, secret: \"\(Nodes.secret)\", grant_types: [badge], scope: [read] }"

    private func show(_ badge: String) -> [(String, String)] {
        [("grant_type", "urn:example:badge"), ("badge", badge)]
    }

    @Test("a badge that both nodes are shown at once counts each token once")
    func badges() async throws {
        try await Nodes.with(plugins: [Self.badge], clients: Self.client) { nodes in
            for badge in ["one", "two"] {
                let answers = await nodes.race(show(badge), as: ("gate", Nodes.secret))
                let counts = answers.reduce(into: [Int: Int]()) { $0[$1.status, default: 0] += 1 }
                #expect(answers.count == 64 && counts[200] == 3, "\(counts)")
                #expect(Set(counts.keys).isSubset(of: [200, 400, 503]), "\(counts)")
            }
        }
    }

    @Test("what one node counted holds at the other, also after the end of the process that counted it")
    func survives() async throws {
        try await Nodes.with(plugins: [Self.badge], clients: Self.client) { nodes in
            func status(at node: Program) throws -> Int {
                try node.post("/auth/token", show("one"), as: ("gate", Nodes.secret)).status
            }
            #expect(try [status(at: nodes.first), status(at: nodes.second)] == [200, 200])
            let killed = try Command.shell(
                "for child in $(cat /proc/\(nodes.first.pid)/task/*/children); do kill -9 $child; done",
                in: nodes.folder)
            #expect(killed.status == 0, "\(killed)")
            #expect(try status(at: nodes.second) == 200)
            #expect(try status(at: nodes.second) == 400, "three tokens of one badge")
            #expect(try await Patience.wait { try status(at: nodes.first) == 400 })
            #expect(nodes.first.log.contains("is started again"))
        }
    }

    @Test("an event that an isolated plugin promises at one node is delivered once, whichever node sends it")
    func webhooks() async throws {
        let receiver = try OtherServer { _ in OtherServer.reply("202 Accepted") }
        let url = "http://127.0.0.1:\(receiver.port)/events"
        let plugin = """
            { plugin: webhooks, isolation: process, may: [keys, sessions], \
            settings: { receivers: [{ url: "\(url)", events: [user_changed] }] } }
            """
        try await Nodes.with(plugins: [plugin]) { nodes in
            for (place, node) in nodes.programs.enumerated() {
                let token = try #require(
                    try node.token("service", Nodes.secret, [("scope", "admin")])["access_token"])
                for number in 0..<5 {
                    let body = #"{"userName":"n\#(place)\#(number)"}"#
                    let answer = try HTTPSocket(port: node.port).exchange(
                        "PUT /User/n\(place)\(number) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                            + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                            + "Connection: close\r\n\r\n\(body)")
                    #expect(answer.status == 201, "\(answer.body)")
                }
            }
            #expect(try await Patience.wait { receiver.requests.count >= 10 }, "\(nodes.first.log)")
            try await Task.sleep(for: .seconds(2))
            #expect(receiver.requests.count == 10)
        }
    }
}
#endif
