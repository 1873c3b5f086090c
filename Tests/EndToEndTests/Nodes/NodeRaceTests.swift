// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("What may be used once is used once, also at two nodes at once", .timeLimit(.minutes(10)))
struct NodeRaceTests {
    @Test(
        "of 64 presses of a button all give one code, of 64 redemptions one succeeds, and so does one of 64 refreshes")
    func codes() async throws {
        try await Nodes.with { nodes in
            let user = NodeUser(nodes.first)
            let page = try user.signIn(from: nodes.first, to: nodes.second)
            let pressed = await nodes.race(user.browser.pressing(page, [("scope", "read"), ("decision", "allow")]))
            let codes = Set(pressed.compactMap(NodeUser.code))
            #expect(pressed.count == 64 && codes.count == 1, "\(codes.count) codes")
            let code = try #require(codes.first)
            let redeemed = await nodes.race(NodeUser.redeem(code), as: NodeUser.app)
            Self.expectOne(redeemed)
            // The first grant was revoked by the replays, so there has to be another one.
            let next = try #require(try user.code(at: nodes.second))
            let tokens = try nodes.first.post("/auth/token", NodeUser.redeem(next), as: NodeUser.app)
            let refresh = try #require(tokens["refresh_token"])
            Self.expectOne(
                await nodes.race([("grant_type", "refresh_token"), ("refresh_token", refresh)], as: NodeUser.app))
        }
    }

    private static func expectOne(_ answers: [HTTPAnswer], _ location: SourceLocation = #_sourceLocation) {
        #expect(answers.count == 64, sourceLocation: location)
        #expect(answers.count { $0.status == 200 } == 1, sourceLocation: location)
        #expect(answers.allSatisfy { $0.status == 200 || $0["error"] == "invalid_grant" }, sourceLocation: location)
    }

    @Test("of 64 polls with the codes of a device, one gets the tokens")
    func devices() async throws {
        try await Nodes.with { nodes in
            let codes = try nodes.first.post("/auth/device_authorization", [("client_id", "tv")])
            let (device, typed) = (try #require(codes["device_code"]), try #require(codes["user_code"]))
            let browser = WebBrowser(nodes.second)
            let signIn = try browser.submit(
                try browser.open("/auth/device"), [("user_code", typed)], to: "/auth/device")
            browser.program = nodes.first
            let consent = try browser.submit(signIn, [("username", "ann"), ("password", "demo-ann")])
            browser.program = nodes.second
            let done = try browser.submit(consent, [("scope", "read"), ("decision", "allow")])
            #expect(done.body.contains("Your device is connected"), "\(done.body)")
            let answers = await nodes.race([
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device),
                ("client_id", "tv"),
            ])
            #expect(answers.count == 64 && answers.count { $0.status == 200 } == 1, "\(answers.map(\.status))")
            #expect(answers.allSatisfy { [200, 400].contains($0.status) })
        }
    }

    @Test("of 64 uses of an assertion, one succeeds")
    func assertions() async throws {
        let signer = try Signer()
        let robot = "  - { id: robot, jwks: \(signer.keys.text), grant_types: [client_credentials], scope: [read] }"
        try await Nodes.with(plugins: ["client-assertion"], clients: robot) { nodes in
            let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
            let claims = signer.claims(at: now).changed(by: ["aud": "http://127.0.0.1:8080"])
            let answers = await nodes.race([
                ("grant_type", "client_credentials"), ("client_assertion", try signer.sign(claims)),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ])
            #expect(answers.count == 64 && answers.count { $0.status == 200 } == 1, "\(answers.map(\.status))")
            #expect(answers.allSatisfy { [200, 401].contains($0.status) })
        }
    }
}

extension WebBrowser {
    /// Presses a button of a page at any node, with the cookies that the browser has now.
    func pressing(_ page: HTTPAnswer, _ fields: [(String, String)]) -> @Sendable (Program) throws -> HTTPAnswer {
        let request = request(for: page, fields)
        return { node in try HTTPSocket(port: node.port).exchange(request) }
    }
}
#endif
