// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("RFC 6749 section 4.4: client credentials grant", .timeLimit(.minutes(10)))
struct ClientCredentialsTests {
    @Test("a client gets a bearer token that no cache may keep", .clause("RFC 6749 section 5.1"))
    func issues() async throws {
        let server = try await TestServer()
        let answer = await server.token()
        #expect(answer.status == 200)
        #expect(answer["token_type"] == "Bearer")
        #expect(answer.json["expires_in"] == 900)
        #expect(answer["scope"] == "read write")
        #expect(answer.header("cache-control") == "no-store")
        #expect(answer.header("pragma") == "no-cache")
        #expect(answer.header("content-type") == "application/json")
        #expect(answer["refresh_token"] == nil, "a refresh token is off by default (RFC 6749 section 4.4.3)")
        #expect(await server.isActive(answer["access_token"] ?? ""))
    }

    @Test("a narrower scope is granted as requested and not repeated in the response", .clause("RFC 6749 section 3.3"))
    func narrows() async throws {
        let server = try await TestServer()
        let answer = await server.token([("scope", "read")])
        #expect(answer["scope"] == nil)
        #expect(await server.introspect(answer["access_token"] ?? "")["scope"] == "read")
    }

    @Test("a scope that the client may not have is refused", .clause("RFC 6749 section 5.2"))
    func refusesScope() async throws {
        let server = try await TestServer()
        #expect(await server.token([("scope", "read admin")]).error == "invalid_scope")
    }

    @Test("an audience allowed by name or by pattern ends up in the token", .clause("RFC 9068 section 2.2"))
    func audience() async throws {
        let server = try await TestServer(format: "jwt")
        for audience in ["https://api.example.com", "https://data.example.org"] {
            let answer = await server.token([("audience", audience)])
            #expect(server.keys.verify(answer["access_token"] ?? "", type: "at+jwt")?.claims["aud"]?.string == audience)
        }
        #expect(await server.token([("audience", "https://evil.example.org.attacker.net")]).error == "invalid_target")
        #expect(await server.token([("audience", "https://other.example.com")]).error == "invalid_target")
    }

    @Test("an access token expires at its stated time")
    func expires() async throws {
        let server = try await TestServer()
        let token = await server.token()["access_token"] ?? ""
        server.clock.advance(.seconds(899))
        #expect(await server.isActive(token))
        server.clock.advance(.seconds(1))
        #expect(await !server.isActive(token))
    }

    @Test("form and JSON bodies, and credentials in the header or the body, are equivalent", arguments: [0, 1, 2])
    func bodies(_ way: Int) async throws {
        let server = try await TestServer()
        let credentials = [("client_id", "service"), ("client_secret", TestServer.serviceSecret)]
        let answer =
            switch way {
            case 0: await server.post("/auth/token", [("grant_type", "client_credentials")] + credentials)
            case 1: await server.post("/oauth2/token", [("grant_type", "client_credentials")] + credentials)
            default:
                await server.send(
                    "POST", "/auth/token", headers: [("content-type", "application/json; charset=utf-8")],
                    body: Array(
                        #"{"grant_type":"client_credentials","client_id":"service","client_secret":"s3cret of the service","audience":["https://api.example.com"]}"#
                            .utf8))
            }
        #expect(answer.status == 200)
    }
}

@Suite("RFC 9068: JWT access tokens", .timeLimit(.minutes(10)))
struct JWTTokenTests {
    @Test(
        "the token has the claims that section 2.2 requires and verifies with the published key",
        .clause("RFC 9068 section 2"))
    func claims() async throws {
        let server = try await TestServer(format: "jwt")
        let token = await server.token([("audience", "https://api.example.com")])["access_token"] ?? ""
        let jwt = try #require(server.keys.verify(token, type: "at+jwt"))
        #expect(jwt.header["alg"] == "ES256" && jwt.header["typ"] == "at+jwt")
        #expect(jwt.claims["iss"] == "https://id.example.com" && jwt.claims["sub"] == "service")
        #expect(jwt.claims["client_id"] == "service" && jwt.claims["scope"] == "read write")
        #expect(jwt.claims["exp"]?.integer == jwt.claims["iat"]?.integer.map { $0 + 900 })
        #expect(jwt.claims["jti"]?.string?.utf8.count == 22)
        let kid = await server.send("GET", "/.well-known/jwks.json").json["keys"]?.elements.first?["kid"]
        #expect(jwt.header["kid"] == kid)
        #expect(await server.isActive(token))
    }

    @Test("a changed character makes the token unknown")
    func tampered() async throws {
        let server = try await TestServer(format: "jwt")
        let token = await server.token()["access_token"] ?? ""
        for place in stride(from: 0, to: token.count - 1, by: 37) {
            var characters = Array(token)
            characters[place] = characters[place] == "A" ? "B" : "A"
            #expect(await !server.isActive(String(characters)))
        }
    }

    @Test("a self-contained token without a refresh token writes nothing to the store")
    func writesNothing() async throws {
        let (server, store) = try await TestServer.counting(format: "jwt")
        let before = store.writes
        _ = await server.token()
        #expect(store.writes == before)
    }
}
