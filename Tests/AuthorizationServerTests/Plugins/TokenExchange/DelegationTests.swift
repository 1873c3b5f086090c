// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@Suite("RFC 8693 section 4: delegation", .timeLimit(.minutes(10)))
struct DelegationTests {
    private static let type = "urn:ietf:params:oauth:token-type:access_token"

    private func exchange(
        _ server: TestServer, _ subject: String?, actor: String?, type: String = DelegationTests.type
    ) async -> Answer {
        await server.exchange(
            subject, "access_token",
            [("audience", ExchangeServer.orders), ("actor_token", actor ?? ""), ("actor_token_type", type)], as: "api")
    }

    /// A token of 'api' that speaks for the client itself.
    private func own(_ server: TestServer) async -> String? {
        await server.visit([], as: "api", scope: "read")["access_token"]
    }

    @Test("the actor is named, and those of before within it", .clause("RFC 8693 section 4.1"))
    func nests() async throws {
        let server = try await ExchangeServer.make()
        for (former, expected) in [
            (nil, ["sub": "api"]),
            ("{\"sub\":\"app\"}", ["sub": "api", "act": ["sub": "app"]]),
        ] as [(String?, JSON)] {
            let more = former.map { [("act", $0)] } ?? []
            let subject = await server.visit([("person", "ann")] + more)["access_token"]
            let answer = await exchange(server, subject, actor: await own(server))
            #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
            let told = await server.told(answer["access_token"], by: "api")
            #expect(told["sub"] == "ann" && told["act"] == expected)
        }
    }

    @Test("without an actor token, who acted before stays named")
    func keeps() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit([("person", "ann"), ("act", "{\"sub\":\"app\"}")])["access_token"]
        let answer = await server.exchange(
            subject, "access_token", [("audience", ExchangeServer.orders)], as: "api")
        #expect(await server.told(answer["access_token"], by: "api")["act"] == ["sub": "app"])
    }

    @Test("a token that names too many actors gives none with one more")
    func chain() async throws {
        let server = try await ExchangeServer.make()
        for (count, isGood) in [(7, true), (8, false)] {
            var act: JSON = ["sub": "first"]
            for number in 1..<count { act = ["sub": .string("a-\(number)"), "act": act] }
            let subject = await server.visit([("person", "ann"), ("act", act.text)])["access_token"]
            #expect((await exchange(server, subject, actor: await own(server)).status == 200) == isGood)
        }
    }

    @Test(
        "'may_act' names the only actor, with an actor token or without", .clause("RFC 8693 section 4.4"),
        arguments: [
            ("{\"sub\":\"api\"}", true), ("{\"sub\":\"api\",\"iss\":\"https://id.example.com\"}", true),
            ("{\"client_id\":\"api\"}", true), ("{\"sub\":\"other\"}", false),
            ("{\"sub\":\"api\",\"iss\":\"x\"}", false),
            ("{\"iss\":\"https://id.example.com\"}", false), ("{}", false), ("[\"api\"]", false), ("\"api\"", false),
            ("{\"sub\":\"api\",\"groups\":[\"a\"]}", false),
        ] as [(String, Bool)])
    func mayAct(_ claim: String, isGood: Bool) async throws {
        for format in ["opaque", "jwt"] {
            let server = try await ExchangeServer.make(format: format)
            let subject = await server.visit([("person", "ann"), ("may_act", claim)])["access_token"]
            let delegated = await exchange(server, subject, actor: await own(server))
            #expect((delegated.status == 200) == isGood, "\(delegated.json) \(server.log.lines)")
            let plain = await server.exchange(
                subject, "access_token", [("audience", ExchangeServer.orders)], as: "api")
            #expect((plain.status == 200) == isGood && (isGood || plain.refusesSubject))
        }
    }

    @Test("an actor token is refused unless it is the client's own, alive, of a type of the rule and about nobody else")
    func refused() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit()["access_token"]
        let delegated = await server.visit([("act", "{\"sub\":\"x\"}")], as: "api", scope: "read")["access_token"]
        let bound = await server.visit([("key", "thumb")], as: "api", scope: "read")["access_token"]
        let foreign = await server.visit(as: "stranger", audience: ExchangeServer.orders)["access_token"]
        for actor in [delegated, bound, foreign, "nothing"] {
            let answer = await exchange(server, subject, actor: actor)
            #expect(
                answer.error == "invalid_request" && answer["error_description"] == "the actor token is not accepted")
        }
        let web = await server.exchange(
            subject, "access_token",
            [
                ("audience", ExchangeServer.orders), ("actor_token", await own(server) ?? ""),
                ("actor_token_type", Self.type),
            ])
        #expect(web["error_description"] == "the actor token is not accepted", "the rule of 'web' has no actor")
    }

    @Test("what is issued does not last longer than the actor token")
    func lifetime() async throws {
        let server = try await ExchangeServer.make()
        let actor = await own(server)
        server.clock.advance(.seconds(590))
        let subject = await server.visit()["access_token"]
        let answer = await exchange(server, subject, actor: actor)
        #expect(answer.json["expires_in"] == 10, "\(answer.json) \(server.log.lines)")
        server.clock.advance(.seconds(10))
        #expect(await exchange(server, subject, actor: actor).error == "invalid_request")
    }
}
