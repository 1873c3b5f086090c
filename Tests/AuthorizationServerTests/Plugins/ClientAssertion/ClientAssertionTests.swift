// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("RFC 7523 section 2.2: clients authenticate with a signed assertion", .timeLimit(.minutes(10)))
struct ClientAssertionTests {
    private func server(_ signer: Signer, _ changes: JSON = [:], settings: JSON = [:]) async throws -> TestServer {
        try await TestServer(
            TestServer.asserting(settings), clients: [TestServer.service, signer.client(changes)])
    }

    @Test("an assertion authenticates with every asymmetric algorithm", arguments: SignatureAlgorithm.allCases)
    func algorithms(_ algorithm: SignatureAlgorithm) async throws {
        guard algorithm.scheme != .hmac else { return }
        let signer = try Signer(algorithm: algorithm.rawValue)
        let server = try await server(signer)
        let answer = await server.assert(try signer.sign(signer.claims(at: server.clock.now)))
        #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
    }

    @Test("it authenticates at every endpoint for clients, and as a plugin from outside")
    func endpoints() async throws {
        let signer = try Signer()
        let outside = PluginThreads(of: "client-assertion")
        for threads in [nil, outside] {
            let plugins = Plugins.all + [.init(Plugins.clientAssertion, threads: threads)]
            let server = try await TestServer(plugins, clients: [TestServer.service, signer.client()])
            var number = 0
            func assertion() throws -> String {
                number += 1
                return try signer.sign(signer.claims(at: server.clock.now, id: "a-\(number)"))
            }
            let token = try #require(await server.assert(try assertion())["access_token"])
            let introspected = await server.assert(try assertion(), [("token", token)], path: "/auth/introspect")
            #expect(introspected.json["active"] == true)
            let revoked = await server.assert(try assertion(), [("token", token)], path: "/auth/revoke")
            #expect(revoked.status == 200)
            let after = await server.assert(try assertion(), [("token", token)], path: "/auth/introspect")
            #expect(after.json == ["active": false])
            let none = await server.post("/auth/introspect", [("token", token), ("client_id", "robot")])
            #expect(none.status == 401, "an identifier alone is nothing")
        }
    }

    // MARK: the request

    /// Requests that must be refused, although their assertion is good.
    static let refused: [(rule: String, form: [(String, String)], error: String)] = [
        ("a secret as well", [("client_id", "robot"), ("client_secret", "s")], "invalid_request"),
        ("another client as well", [("client_id", "service")], "invalid_request"),
        ("two assertions", [("client_assertion", "x")], "invalid_request"),
        ("two types", [("client_assertion_type", TestServer.assertionType)], "invalid_request"),
    ]

    @Test("a request uses one method, once, and names one client", arguments: refused.indices)
    func oneMethod(_ place: Int) async throws {
        let (rule, form, error) = Self.refused[place]
        let signer = try Signer()
        let server = try await server(signer)
        let assertion = try signer.sign(signer.claims(at: server.clock.now))
        let answer = await server.assert(assertion, form)
        #expect(answer.error == error, "\(rule)")
        #expect(await server.assert(assertion, [("client_id", "robot")]).status == 200, "\(rule)")
    }

    @Test("an assertion beside Basic credentials is refused")
    func basicToo() async throws {
        let signer = try Signer()
        let server = try await server(signer)
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion", try signer.sign(signer.claims(at: server.clock.now))),
            ("client_assertion_type", TestServer.assertionType),
        ]
        let answer = await server.post("/auth/token", form, as: ("service", TestServer.serviceSecret))
        #expect(answer.status == 400 && answer.error == "invalid_request")
    }

    @Test("assertion and type belong together, and another type is refused")
    func types() async throws {
        let signer = try Signer()
        let server = try await server(signer)
        let assertion = try signer.sign(signer.claims(at: server.clock.now))
        let grant = ("grant_type", "client_credentials")
        let alone = await server.post("/auth/token", [grant, ("client_assertion", assertion)])
        #expect(alone.error == "invalid_request")
        let typeAlone = await server.post(
            "/auth/token", [grant, ("client_assertion_type", TestServer.assertionType), ("client_id", "robot")])
        #expect(typeAlone.error == "invalid_request")
        for type in ["urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "jwt-bearer", "URN:x"] {
            let answer = await server.post(
                "/auth/token", [grant, ("client_assertion", assertion), ("client_assertion_type", type)])
            #expect(answer.status == 401 && answer.error == "invalid_client")
        }
    }

    @Test("a refusal is 401 with a challenge, and does not say which rule was broken")
    func challenge() async throws {
        let signer = try Signer()
        let server = try await server(signer)
        let claims = signer.claims(at: server.clock.now).changed(by: ["exp": 1])
        let answer = await server.assert(try signer.sign(claims))
        #expect(answer.status == 401 && answer.header("WWW-Authenticate") ?? answer.header("www-authenticate") != nil)
        #expect(answer["error_description"] == "client authentication failed")
        #expect(server.log.lines.contains { $0.contains("client assertion of 'robot': it has expired") })
    }

    @Test("nobody learns which clients exist and which sign assertions, and strangers name no client in the log")
    func alike() async throws {
        let stranger = try Signer("robot")
        let server = try await server(try Signer())
        func answer(_ client: String) async throws -> Answer {
            let names: JSON = ["iss": .string(client), "sub": .string(client)]
            return await server.assert(try stranger.sign(stranger.claims(at: server.clock.now).changed(by: names)))
        }
        let known = try await answer("robot")
        let (other, unknown) = (try await answer("service"), try await answer("nobody"))
        #expect(known.status == 401 && known.json == other.json && known.json == unknown.json)
        #expect(known.header("www-authenticate") == unknown.header("www-authenticate"))
        #expect(!server.log.lines.contains { $0.contains("nobody") })
    }

    // MARK: the method

    @Test("the registered method is enforced exactly")
    func exactly() async throws {
        let signer = try Signer()
        let secret = "a secret of the robot"
        func client(_ method: String) -> JSON {
            signer.client(["secret": .string(secret), "token_endpoint_auth_method": .string(method)])
        }
        let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
        for registered in methods {
            let server = try await TestServer(
                TestServer.asserting(), clients: [TestServer.service, client(registered)])
            let grant = ("grant_type", "client_credentials")
            let answers = [
                await server.post("/auth/token", [grant], as: ("robot", secret)),
                await server.post("/auth/token", [grant, ("client_id", "robot"), ("client_secret", secret)]),
                await server.assert(try signer.sign(signer.claims(at: server.clock.now))),
            ]
            for (used, answer) in zip(methods, answers) {
                #expect(answer.status == (used == registered ? 200 : 401), "\(used) of \(registered)")
            }
            #expect(server.log.lines.contains { $0.contains("but may only use \(registered)") })
        }
    }

    @Test("a client with keys and no secret is confidential, one with a secret uses it unless it says otherwise")
    func usualMethod() async throws {
        let signer = try Signer()
        let alone = try await server(signer)
        #expect(try await alone.core.clients.find("robot")?.isPublic == false)
        let both = try await server(signer, ["secret": "a secret of the robot"])
        let refused = await both.assert(try signer.sign(signer.claims(at: both.clock.now)))
        #expect(refused.status == 401)
        let answer = await both.post(
            "/auth/token", [("grant_type", "client_credentials")], as: ("robot", "a secret of the robot"))
        #expect(answer.status == 200)
    }

    @Test("a client without keys cannot use the method, and an unknown client looks the same")
    func others() async throws {
        let signer = try Signer("service")
        let nobody = try Signer("nobody")
        let server = try await TestServer(TestServer.asserting(), clients: [TestServer.service])
        let answers = [
            await server.assert(try signer.sign(signer.claims(at: server.clock.now))),
            await server.assert(try nobody.sign(nobody.claims(at: server.clock.now))),
        ]
        #expect(answers.allSatisfy { $0.status == 401 } && answers[0].json == answers[1].json)
    }

    // MARK: the audience

    private static let tokenURL = "https://id.example.com/auth/token"

    @Test("the token endpoint as the audience is refused with the attribute in the log, and accepted with it")
    func tokenEndpoint() async throws {
        let signer = try Signer()
        let strict = try await server(signer)
        func assertion(_ id: String, _ type: JSON) throws -> String {
            let claims = signer.claims(at: strict.clock.now, id: id).changed(by: ["aud": .string(Self.tokenURL)])
            return try signer.sign(claims, header: ["typ": type])
        }
        #expect(await strict.assert(try assertion("a", "JWT")).status == 401)
        #expect(strict.log.lines.contains { $0.contains("'assertion_audience: token_endpoint'") })
        let loose = try await server(signer, ["assertion_audience": "token_endpoint"])
        #expect(await loose.assert(try assertion("b", "JWT")).status == 200)
        #expect(await loose.assert(try assertion("c", .null)).status == 200)
        let updated = await loose.assert(try assertion("d", "client-authentication+jwt"))
        #expect(updated.status == 401, "the new type is for the issuer alone (RFC 10070)")
        #expect(await loose.assert(try signer.sign(signer.claims(at: loose.clock.now, id: "e"))).status == 200)
    }

    // MARK: algorithms

    @Test("the plugin's algorithms and those of the client restrict each other")
    func restricted() async throws {
        let signer = try Signer()
        for (settings, attribute, status) in [
            (["ES256"], "ES256", 200), (["ES256", "PS256"], "PS256", 401), (["PS256"], "ES256", 401),
        ] as [([String], String, Int)] {
            let server = try await server(
                signer, ["token_endpoint_auth_signing_alg": .string(attribute)],
                settings: ["algorithms": .strings(settings)])
            let answer = await server.assert(try signer.sign(signer.claims(at: server.clock.now)))
            #expect(answer.status == status, "\(settings) \(attribute)")
            let metadata = await server.send("GET", "/.well-known/oauth-authorization-server").json
            #expect(metadata["token_endpoint_auth_signing_alg_values_supported"] == .strings(settings))
        }
    }

    @Test("the metadata has methods and algorithms of each endpoint, and no algorithms without the plugin")
    func metadata() async throws {
        let with = try await server(try Signer())
        let document = await with.send("GET", "/.well-known/oauth-authorization-server").json
        let secrets = ["client_secret_basic", "client_secret_post"]
        let all = JSON.strings(secrets + ["private_key_jwt", "none"])
        #expect(document["token_endpoint_auth_methods_supported"] == all)
        #expect(document["revocation_endpoint_auth_methods_supported"] == all)
        let confidential = JSON.strings(secrets + ["private_key_jwt"])
        #expect(document["introspection_endpoint_auth_methods_supported"] == confidential)
        for endpoint in ["token", "revocation", "introspection"] {
            let algorithms = document["\(endpoint)_endpoint_auth_signing_alg_values_supported"]?.strings ?? []
            #expect(algorithms.contains("ES256") && !algorithms.contains("HS256") && !algorithms.contains("none"))
        }
        let without = try await TestServer().send("GET", "/.well-known/oauth-authorization-server").json
        #expect(without["token_endpoint_auth_methods_supported"] == .strings(secrets + ["none"]))
        #expect(without["token_endpoint_auth_signing_alg_values_supported"] == nil)
    }

    // MARK: replay

    @Test("of 64 uses of one assertion at once, one succeeds")
    func atOnce() async throws {
        let signer = try Signer()
        let server = try await server(signer)
        let assertion = try signer.sign(signer.claims(at: server.clock.now))
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 { group.addTask { await server.assert(assertion).status } }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 200 } == 1 && statuses.count { $0 == 401 } == 63)
        #expect(server.log.lines.contains { $0.contains("it was used before") })
    }

    @Test("a 'jti' may come again after its assertion and a margin for slow clocks, and is used once then too")
    func again() async throws {
        let signer = try Signer()
        let server = try await server(signer)
        #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 200)
        server.clock.advance(.seconds(60 + 119))
        #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 401)
        server.clock.advance(.seconds(1))
        // The record of the first one is still there, since nothing has been purged.
        let assertion = try signer.sign(signer.claims(at: server.clock.now))
        let accepted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 { group.addTask { await server.assert(assertion).status } }
            return await group.reduce(into: 0) { count, status in count += status == 200 ? 1 : 0 }
        }
        #expect(accepted == 1)
    }

    @Test("the use of an assertion is durable, since it must outlive the process")
    func durable() {
        #expect(UsedJWT.collection.durability == .durable)
    }

    @Test("another node on the same store refuses it too, for as long as it is valid")
    func acrossNodes() async throws {
        let signer = try Signer()
        let clients = [TestServer.service, signer.client()]
        let first = try await TestServer(TestServer.asserting(), clients: clients)
        let second = try await TestServer(
            beside: first, TestServer.asserting(), clients: clients, users: [])
        let assertion = try signer.sign(signer.claims(at: first.clock.now))
        #expect(await first.assert(assertion).status == 200)
        #expect(await second.assert(assertion).status == 401)
        first.clock.advance(.seconds(59))
        _ = try await first.core.store.purge(expiredBefore: first.clock.now, limit: 1000)
        #expect(await second.assert(assertion).status == 401)
        #expect(second.log.lines.contains { $0.contains("it was used before") })
    }

    @Test("an assertion that was refused is not used up, and two clients may use one 'jti'")
    func notUsedUp() async throws {
        let (signer, other) = (try Signer(), try Signer("other"))
        let server = try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, signer.client(), other.client()])
        let claims = signer.claims(at: server.clock.now)
        let forged = try other.sign(claims)
        for _ in 0..<3 { #expect(await server.assert(forged).status == 401) }
        #expect(await server.assert(try signer.sign(claims)).status == 200)
        #expect(await server.assert(try other.sign(other.claims(at: server.clock.now))).status == 200)
    }

    @Test("many wrong assertions do not lock a client out")
    func noLock() async throws {
        let (signer, stranger) = (try Signer(), try Signer())
        let server = try await server(signer)
        for number in 0..<200 {
            let answer = await server.assert(try stranger.sign(stranger.claims(at: server.clock.now, id: "\(number)")))
            #expect(answer.status == 401)
        }
        #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 200)
    }

    @Test("a store that fails makes the answer an error, never a yes")
    func storeFails() async throws {
        let signer = try Signer()
        let counting = PluginSetup(CountingStore.self)
        let server = try await TestServer(
            [counting] + TestServer.asserting().dropFirst(), clients: [TestServer.service, signer.client()])
        let store = try #require(
            server.core.generation?.plugins.compactMap { $0.plugin as? CountingStore }.first)
        store.fail(true)
        let assertion = try signer.sign(signer.claims(at: server.clock.now))
        let answer = await server.assert(assertion)
        #expect(answer.error == "temporarily_unavailable" && answer.status == 503)
        store.fail(false)
        #expect(await server.assert(assertion).status == 200)
    }
}
