// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

@testable import Cryptography

@Suite("Clients rotate their keys at 'jwks_uri'", .timeLimit(.minutes(10)))
struct FetchedClientKeyTests {
    private func server(_ keys: KeyServer, _ signer: Signer) async throws -> TestServer {
        let client = signer.client(["jwks": .null, "jwks_uri": .string(KeyServer.address)])
        return try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, client], outbound: keys)
    }

    @Test("a new key is accepted after one more fetch, and the old one as long as it is published")
    func rotates() async throws {
        let (old, new) = (try Signer(), try Signer())
        let keys = KeyServer(old.keys)
        let server = try await server(keys, old)
        func assert(_ signer: Signer, _ id: String) async throws -> Int {
            await server.assert(try signer.sign(signer.claims(at: server.clock.now, id: id))).status
        }
        #expect(try await assert(old, "1") == 200)
        keys.serve(["keys": [old.jwk, new.jwk]])
        server.clock.advance(.seconds(30))
        #expect(try await assert(new, "2") == 200)
        #expect(try await assert(old, "3") == 200)
        keys.serve(new.keys)
        server.clock.advance(.seconds(3600))
        #expect(try await assert(old, "4") == 401)
        #expect(try await assert(new, "5") == 200)
        #expect(keys.asked() == 3)
    }

    @Test("a key without 'kid' is replaced as well")
    func rotatesWithoutID() async throws {
        let (old, new) = (try Signer(), try Signer())
        let keys = KeyServer(["keys": [old.jwk.changed(by: ["kid": .null])]])
        let server = try await server(keys, old)
        func assert(_ signer: Signer, _ id: String) async throws -> Int {
            let claims = signer.claims(at: server.clock.now, id: id)
            return await server.assert(try signer.sign(claims, header: ["kid": .null])).status
        }
        #expect(try await assert(old, "1") == 200)
        keys.serve(["keys": [new.jwk.changed(by: ["kid": .null])]])
        server.clock.advance(.seconds(30))
        #expect(try await assert(new, "2") == 200)
    }

    @Test("a flood of unknown keys causes one fetch in 30 seconds, and refuses nobody else")
    func flood() async throws {
        let (signer, stranger) = (try Signer(), try Signer())
        let keys = KeyServer(signer.keys)
        let server = try await server(keys, signer)
        for number in 0..<200 {
            let claims = stranger.claims(at: server.clock.now, id: "\(number)")
            let answer = await server.assert(try stranger.sign(claims, header: ["kid": .string("unknown-\(number)")]))
            #expect(answer.status == 401)
        }
        #expect(keys.asked() == 1)
        #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 200)
    }

    @Test("a flood that lasts causes one fetch in 30 seconds, and refuses nobody else")
    func lastingFlood() async throws {
        let (signer, stranger) = (try Signer(), try Signer())
        let keys = KeyServer(signer.keys)
        let server = try await server(keys, signer)
        for second in 0..<120 {
            let now = server.clock.now
            let strange = try (0..<4).map { number in
                try stranger.sign(
                    stranger.claims(at: now, id: "\(second)-\(number)"),
                    header: ["kid": .string("unknown-\(second)-\(number)")])
            }
            let good = try signer.sign(signer.claims(at: now, id: "good-\(second)"))
            let statuses = await withTaskGroup(of: Int.self) { group in
                for assertion in strange + [good] { group.addTask { await server.assert(assertion).status } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 401, 401, 401, 401], "second \(second)")
            server.clock.advance(.seconds(1))
        }
        #expect(keys.asked() == 4, "at 0, 30, 60 and 90 seconds")
    }

    @Test("many requests with a new key wait for one fetch, and none of them is refused")
    func rotatesAtOnce() async throws {
        let (old, new) = (try Signer(), try Signer())
        let keys = KeyServer(old.keys)
        let server = try await server(keys, old)
        let first = try old.sign(old.claims(at: server.clock.now, id: "first"))
        #expect(await server.assert(first).status == 200)
        keys.serve(["keys": [old.jwk, new.jwk]])
        server.clock.advance(.seconds(30))
        keys.close()
        let now = server.clock.now
        let assertions = try (0..<64).map { number in
            let signer = number % 2 == 0 ? new : old
            return try signer.sign(signer.claims(at: now, id: "\(number)"))
        }
        let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
            for assertion in assertions { group.addTask { await server.assert(assertion).status } }
            let isAsked = try await Patience.wait { keys.waiting == 1 }
            #expect(isAsked)
            keys.open()
            return try await group.reduce(into: 0) { count, status in count += status == 200 ? 1 : 0 }
        }
        #expect(accepted == 64 && keys.asked() == 2)
    }

    @Test("an assertion with wrong claims fetches nothing")
    func cheapFirst() async throws {
        let signer = try Signer()
        let keys = KeyServer(signer.keys)
        let server = try await server(keys, signer)
        for change in [["exp": 1], ["aud": "x"], ["jti": .null], ["nbf": 1_900_000_000]] as [JSON] {
            let claims = signer.claims(at: server.clock.now).changed(by: change)
            #expect(await server.assert(try signer.sign(claims)).status == 401)
        }
        #expect(await server.assert("nonsense").status == 401)
        #expect(keys.asked() == 0)
    }

    @Test("keys that cannot be fetched refuse the client, and the log says why")
    func unreachable() async throws {
        let signer = try Signer()
        let keys = KeyServer(signer.keys)
        keys.reply(OutboundReply(status: 302, headers: [("location", "https://evil.example.com/keys")]))
        let server = try await server(keys, signer)
        let answer = await server.assert(try signer.sign(signer.claims(at: server.clock.now)))
        #expect(answer.status == 401 && answer.error == "invalid_client")
        #expect(server.log.lines.contains { $0.contains("status 302") })
        #expect(keys.asked("https://evil.example.com/keys") == 0)
    }
}
