// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@Suite("RFC 6749 section 2.3: client authentication", .timeLimit(.minutes(10)))
struct ClientAuthenticationTests {
    /// A request that must be refused, and the rule that refuses it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let rule: String
        let status: Int
        let error: String
        var form: [(String, String)] = []
        var headers: [(name: String, value: String)] = []
        var testDescription: String { rule }
    }

    @Test(
        "a secret that was not form-encoded is refused, and the log says so without showing it",
        .clause("RFC 6749 section 2.3.1"), arguments: ["Abcd+1234", "foo%2Fbar", "a+b%20c", "100%25"])
    func notEncoded(_ secret: String) async throws {
        let client: JSON = ["id": "shop", "secret": .string(secret), "grant_types": ["client_credentials"]]
        let server = try await TestServer(clients: [client])
        func ask(_ header: String) async -> Answer {
            await server.post(
                "/auth/token", [("grant_type", "client_credentials")], headers: [("authorization", header)])
        }
        let plain = await ask("Basic " + Form.base64(Array("shop:\(secret)".utf8)))
        #expect(plain.status == 401 && plain.error == "invalid_client")
        #expect(
            plain.json["error_description"] == "client authentication failed", "from outside all refusals are alike")
        #expect(server.log.lines.contains { $0.contains("without form-encoding it") })
        #expect(await ask(Form.basic("shop", secret)).status == 200)
        #expect(await ask("Basic " + Form.base64(Array("shop:wrong+one".utf8))).status == 401)
        #expect(server.log.lines.contains { $0.contains("sent a wrong secret; the Basic header was form-decoded") })
        #expect(server.log.lines.count { $0.contains("without form-encoding it") } == 1)
        #expect(!server.log.lines.contains { $0.contains(secret) })
    }

    static let refusals: [Refusal] = [
        .init(rule: "no client at all", status: 401, error: "invalid_client"),
        .init(
            rule: "a client id that Swift takes for another's", status: 401, error: "invalid_client",
            form: [("client_id", "\u{212A}iosk"), ("client_secret", "kiosk secret")]),
        .init(rule: "unknown client", status: 401, error: "invalid_client", form: [("client_id", "nobody")]),
        .init(
            rule: "known client without its secret", status: 401, error: "invalid_client",
            form: [("client_id", "service")]),
        .init(
            rule: "wrong secret in the body", status: 401, error: "invalid_client",
            form: [("client_id", "service"), ("client_secret", "wrong")]),
        .init(
            rule: "wrong secret in the header", status: 401, error: "invalid_client",
            headers: [("authorization", Form.basic("service", "wrong"))]),
        .init(
            rule: "two methods at once", status: 400, error: "invalid_request",
            form: [("client_id", "service"), ("client_secret", TestServer.serviceSecret)],
            headers: [("authorization", Form.basic("service", TestServer.serviceSecret))]),
        .init(
            rule: "two clients at once", status: 400, error: "invalid_request", form: [("client_id", "spa")],
            headers: [("authorization", Form.basic("service", TestServer.serviceSecret))]),
        .init(
            rule: "the header twice", status: 400, error: "invalid_request",
            headers: [
                ("authorization", Form.basic("service", TestServer.serviceSecret)),
                ("authorization", Form.basic("service", TestServer.serviceSecret)),
            ]),
        .init(rule: "another scheme", status: 401, error: "invalid_client", headers: [("authorization", "Bearer abc")]),
        .init(
            rule: "base64url is not base64", status: 401, error: "invalid_client",
            headers: [("authorization", "Basic c2VydmljZTo_Pz8-")]),
        .init(
            rule: "base64 without its padding", status: 401, error: "invalid_client",
            headers: [("authorization", "Basic c2VydmljZTpz")].map { ($0.0, String($0.1.dropLast())) }),
        .init(
            rule: "base64 with unused bits that are set", status: 401, error: "invalid_client",
            headers: [("authorization", "Basic YTp=")]),
        .init(
            rule: "no colon", status: 401, error: "invalid_client",
            headers: [("authorization", "Basic " + Form.base64(Array("service".utf8)))]),
        .init(
            rule: "halves that are not form-encoded", status: 401, error: "invalid_client",
            headers: [("authorization", "Basic " + Form.base64(Array("service:%zz".utf8)))]),
        .init(
            rule: "a secret from a client that has none", status: 401, error: "invalid_client",
            form: [("client_id", "spa"), ("client_secret", "anything")]),
        .init(
            rule: "a public client at a grant for confidential ones", status: 400, error: "unauthorized_client",
            form: [("client_id", "spa")]),
        .init(
            rule: "a client that is switched off", status: 401, error: "invalid_client",
            headers: [("authorization", Form.basic("former", "former secret"))]),
    ]

    static let clients: [JSON] = [
        TestServer.service, ["id": "Kiosk", "secret": "kiosk secret", "grant_types": ["client_credentials"]],
        ["id": "spa", "grant_types": ["refresh_token"]],
        ["id": "former", "secret": "former secret", "active": false, "grant_types": ["client_credentials"]],
    ]

    @Test(
        "a client that does not authenticate as section 2.3 requires gets no token", .clause("RFC 6749 section 2.3"),
        arguments: refusals)
    func refuses(_ refusal: Refusal) async throws {
        let server = try await TestServer(clients: ClientAuthenticationTests.clients)
        let form = [("grant_type", "client_credentials")] + refusal.form
        let answer = await server.post("/auth/token", form, headers: refusal.headers)
        #expect(answer.error == refusal.error)
        #expect(answer.status == refusal.status)
        #expect(answer["access_token"] == nil)
        #expect(answer.header("cache-control") == "no-store")
        #expect(
            (answer.header("www-authenticate")?.hasPrefix("Basic ") ?? false) == (refusal.status == 401),
            "RFC 9110 section 15.5.2")
    }

    @Test(
        "an unknown client and a wrong secret look the same from outside and differ in the log",
        .clause("RFC 6749 section 5.2"))
    func looksAlike() async throws {
        let server = try await TestServer()
        let unknown = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("nobody", "x"))
        let wrong = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("service", "x"))
        #expect(unknown.body == wrong.body && unknown.status == wrong.status)
        let log = server.log.lines.joined(separator: "\n")
        #expect(log.contains("no client has this id") && log.contains("sent a wrong secret"))
    }

    @Test("two secrets are valid while one replaces the other", arguments: ["old secret", "new secret"])
    func rotates(_ secret: String) async throws {
        let server = try await TestServer(clients: [
            ["id": "job", "secret": ["old secret", "new secret"], "grant_types": ["client_credentials"]]
        ])
        let answer = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("job", secret))
        #expect(answer.status == 200)
    }

    @Test("credentials with characters that need encoding arrive intact", .clause("RFC 6749 section 2.3.1"))
    func encodesCredentials() async throws {
        let secret = "p%&+ä:=\u{1F511} /?"
        let server = try await TestServer(clients: [
            ["id": "a job:1", "secret": .string(secret), "grant_types": ["client_credentials"]]
        ])
        let answer = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("a job:1", secret))
        #expect(answer.status == 200)
    }

    @Test("a secret that was imported as an scrypt hash is verified")
    func scrypt() async throws {
        // Computed with Python: hashlib.scrypt(b"brought along", salt=b"0123456789abcdef", n=2**14, r=8, p=1, dklen=32)
        let hash = "$s0$e0801$MDEyMzQ1Njc4OWFiY2RlZg==$Uu3R7gJqiAFtHT+aJ9EzjncgtWTvmMWyROih7o5fE4o="
        let server = try await TestServer(clients: [
            ["id": "aidbox", "secret": .string(hash), "grant_types": ["client_credentials"]]
        ])
        for _ in 0..<2 {
            let answer = await server.post(
                "/auth/token", [("grant_type", "client_credentials")], as: ("aidbox", "brought along"))
            #expect(answer.status == 200)
        }
        let wrong = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("aidbox", hash))
        #expect(wrong.error == "invalid_client")
    }

    @Test("a client that may not use a grant is told so", .clause("RFC 6749 section 5.2"))
    func unauthorized() async throws {
        let server = try await TestServer(clients: [["id": "job", "secret": "x1", "grant_types": []]])
        let answer = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("job", "x1"))
        #expect(answer.error == "unauthorized_client" && answer.status == 400)
    }
}
