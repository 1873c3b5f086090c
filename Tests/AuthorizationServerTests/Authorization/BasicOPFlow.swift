// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

extension BasicOPTests {
    /// A flow that ended with a code, and what it was redeemed for.
    struct Flow {
        let landed: [String: String]
        let tokens: Answer
        let claims: JSON
    }

    /// The parameters of a response, after a check that they were delivered in the right way.
    static func parameters(_ answer: Answer, _ mode: String) -> [String: String] {
        if mode == "form_post" {
            #expect(answer.formAction == Demo.callback && answer.query.isEmpty && answer.fragment.isEmpty)
            return Dictionary(answer.hidden, uniquingKeysWith: { first, _ in "\(first) twice" })
        }
        #expect(answer.landing == Demo.callback && answer.fragment.isEmpty)
        return answer.query
    }

    static func request(_ mode: String, _ changes: [(String, String?)] = []) -> [(String, String)] {
        Demo.request([("client_id", "house"), ("response_mode", mode)] + changes)
    }

    /// Signs in if a page asks for it, and makes the checks that the conformance suite makes in every flow.
    static func flow(
        _ server: TestServer, _ browser: Browser, _ mode: String, _ changes: [(String, String?)] = [],
        post: Bool = false
    ) async throws -> Flow {
        let request = request(mode, changes)
        var page = await browser.authorize(request)
        if page.heading == "Sign in" { page = await browser.signIn(page) }
        return try await finish(page, server, mode, request)
    }

    static func finish(
        _ page: Answer, _ server: TestServer, _ mode: String, _ request: [(String, String)]
    ) async throws -> Flow {
        let landed = parameters(page, mode)
        let state = request.first { $0.0 == "state" }?.1
        #expect(Set(landed.keys).isSubset(of: ["code", "state", "iss"]) && landed["state"] == state)
        #expect(landed["iss"] == "https://id.example.com")
        let client = request.first { $0.0 == "client_id" }?.1 ?? ""
        let tokens = await server.redeem(try #require(landed["code"], "\(page.html)"), as: (client, Demo.secret))
        #expect(tokens.status == 200 && tokens.header("cache-control") == "no-store")
        #expect(tokens.header("content-type") == "application/json")
        #expect(tokens["token_type"]?.lowercased() == "bearer" && (tokens.json["expires_in"]?.integer ?? 0) > 0)
        let token = try #require(tokens["access_token"])
        #expect(token.utf8.allSatisfy { 0x21...0x7E ~= $0 })
        let claims = try identity(tokens, server, client)
        #expect(claims["nonce"]?.string == request.first { $0.0 == "nonce" }?.1)
        let info = await userinfo(server, token)
        #expect(info.status == 200 && info.json["sub"] == claims["sub"])
        return Flow(landed: landed, tokens: tokens, claims: claims)
    }

    static func identity(_ tokens: Answer, _ server: TestServer, _ client: String) throws -> JSON {
        let jwt = try #require(server.keys.verify(tokens["id_token"] ?? "", type: "JWT"))
        let claims = jwt.claims
        let published = server.keys.publicJWKS["keys"]?.elements ?? []
        #expect(published.contains { $0["kid"] == jwt.header["kid"] })
        #expect(claims["iss"] == "https://id.example.com" && claims["aud"]?.string == client && claims["azp"] == nil)
        let now = server.clock.now.seconds
        #expect((claims["exp"]?.integer ?? 0) > now && claims["iat"]?.integer == now)
        #expect((claims["auth_time"]?.integer ?? .max) <= now && claims["amr"] == ["pwd"])
        let sub = claims["sub"]?.string ?? ""
        #expect((1...255).contains(sub.utf8.count) && sub.utf8.allSatisfy { $0 < 0x80 })
        let algorithm = jwt.header["alg"]?.string ?? ""
        #expect(
            claims["at_hash"]?.string
                == SystemCryptography().leftHalf(tokens["access_token"] ?? "", algorithm: algorithm))
        #expect(claims["c_hash"] == nil && claims["sid"]?.string?.isEmpty == false)
        return claims
    }

    static func userinfo(_ server: TestServer, _ token: String, _ method: String = "GET") async -> Answer {
        await server.send(method, "/auth/userinfo", headers: [("authorization", "Bearer \(token)")])
    }

    static func error(_ answer: Answer, _ mode: String) -> String? {
        let found = parameters(answer, mode)
        #expect(found["state"] == "s-1" && found["iss"] == "https://id.example.com" && found["code"] == nil)
        return found["error"]
    }
}
