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
