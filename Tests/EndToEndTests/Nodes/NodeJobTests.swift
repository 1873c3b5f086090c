// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@Suite("Jobs run at one node at a time", .timeLimit(.minutes(10)))
struct NodeJobTests {
    private static func configuration(_ url: String, _ shop: UInt16) -> String {
        Nodes.configuration(
            url, ["logout"], "{}",
            """
              - id: shop
                secret: "\(Nodes.secret)"
                first_party: true
                grant_types: [authorization_code]
                scope: [openid]
                backchannel_logout_uri: http://127.0.0.1:\(shop)/logout
                auth: { authorization_code: { redirect_uri: "http://127.0.0.1:9/cb", pkce: false } }
            """)
    }

    /// Signs in at a node, so that the client has to be told about the end of the session.
    private static func signIn(_ node: Program) throws -> (browser: WebBrowser, hint: String) {
        let browser = WebBrowser(node)
        let page = try browser.open("/auth/authorize?response_type=code&client_id=shop&scope=openid")
        let landed = try browser.submit(page, [("username", "ann"), ("password", "demo-ann")])
        let code = try #require(NodeUser.code(landed))
        let tokens = try node.post("/auth/token", NodeUser.redeem(code), as: ("shop", Nodes.secret))
        return (browser, try #require(tokens["id_token"]))
    }

    @Test("a job whose node is killed in the middle is done by the other one, after its lease, and not twice")
    func killed() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let url = try cluster.schema("nodejobs")
        let isOpen = Mutex(false)
        let shop = try OtherServer { _ in isOpen.withLock { $0 } ? OtherServer.reply("200 OK") : nil }
        try await Folder.with { folder in
            try folder.write("config.yaml", Self.configuration(url, shop.port))
            let nodes = [try await Nodes.start(folder), try await Nodes.start(folder)]
            defer { for node in nodes where node.isRunning { node.stop() } }
            let (browser, hint) = try Self.signIn(nodes[0])
            _ = try browser.open("/auth/logout?id_token_hint=\(hint)")
            try await Patience.wait { !shop.requests.isEmpty }
            nodes[0].kill9()
            isOpen.withLock { $0 = true }
            // The other node looks for jobs every five seconds, and leaves this one alone while it is leased.
            try await Task.sleep(for: .seconds(7))
            #expect(shop.requests.count == 1, "the lease keeps the other node from it")
            try cluster.sql(
                """
                UPDATE tnodejobs.grantor_record SET value = convert_to(regexp_replace(convert_from(value, 'UTF8'),
                '"due":[0-9]+', '"due":0'), 'UTF8') WHERE collection = 'job'
                """)
            try await Patience.wait { shop.requests.count > 1 }
            try await Patience.wait {
                try cluster.sql("SELECT count(*) FROM tnodejobs.grantor_record WHERE collection = 'job'") == "0"
            }
            #expect(shop.requests.count == 2, "\(nodes[1].log)")
        }
    }
}
#endif
