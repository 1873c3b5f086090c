// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@testable import PasetoToken

@Suite("PASETO as a format of access tokens", .timeLimit(.minutes(10)))
struct PasetoTokenTests {
    private static func settings(_ seed: [UInt8], former: [String] = []) -> JSON {
        ["secret_key": .string(Base64URL.encode(seed)), "former_public_keys": .strings(former)]
    }

    private static func settings(_ seed: UInt8, former: [String] = []) -> JSON {
        settings([UInt8](repeating: seed, count: 32), former: former)
    }

    private static let plugin = PluginUnderTest(PasetoToken.self) { folder in
        // Each server has a key of its own, as it has a folder of its own.
        let name = String(repeating: "0", count: 32) + folder
        return settings(Array(name.utf8.suffix(32)))
    }

    @Test("the plugin keeps the rules of the kit", arguments: plugin.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private func load(
        _ seed: UInt8 = 1, former: [String] = [], on host: TestHost = TestHost()
    ) async throws -> any TokenFormat {
        let plugin = try await host.load(
            PasetoToken.self, settings: PasetoTokenTests.settings(seed, former: former))
        return try #require(plugin.registry.formats.first)
    }

    /// The contents of a token with a value in every field.
    private func contents(audience: [String] = ["https://a.example"]) -> TokenContents {
        let limits = AccessLimits(
            scope: ["read", "write"], audience: audience, notAfter: Timestamp(seconds: 1_800_090_000),
            mayRefresh: false)
        var authorization = Authorization(subject: .user("ann"), limits: limits)
        authorization.authenticatedAt = Timestamp(seconds: 1_799_999_000)
        authorization.acr = "urn:acr:2"
        authorization.amr = ["pwd", "otp"]
        authorization.sessionID = "session-1"
        authorization.epoch = 3
        authorization.clientEpoch = 17
        authorization.actor = ["sub": "service"]
        authorization.claims = ["tenant": "t\u{E9}\u{1F600}"]
        authorization.attachments = ["openid": ["nonce": "n"], "z": true]
        authorization.confirmation = Confirmation("jkt", "thumbprint", tokenType: "DPoP")
        return TokenContents(
            id: "id-1", client: .test(id: "client-1"), authorization: authorization.asIssued(under: "g"),
            issuedAt: Timestamp(seconds: 1_800_000_000), expiresAt: Timestamp(seconds: 1_800_000_900))
    }

    // MARK: what comes back

    @Test(
        "every field of a token comes back",
        arguments: [[], ["https://a.example"], ["https://b.example", "https://a.example"]])
    func everything(_ audience: [String]) async throws {
        let format = try await load()
        let contents = contents(audience: audience)
        let value = try await format.mint(contents).value
        let token = try #require(try await format.resolve(value))
        #expect(token.id == "id-1" && token.clientID == "client-1" && token.kind == .access)
        #expect(token.issuedAt == contents.issuedAt && token.expiresAt == contents.expiresAt)
        let (was, now) = (contents.authorization, token.authorization)
        #expect(now.subject == was.subject && now.limits == was.limits && now.grantID == was.grantID)
        #expect(now.authenticatedAt == was.authenticatedAt && now.acr == was.acr && now.amr == was.amr)
        #expect(now.sessionID == was.sessionID && now.epoch == was.epoch && now.clientEpoch == was.clientEpoch)
        #expect(now.actor == was.actor && now.claims == was.claims && now.confirmation == was.confirmation)
        #expect(now.attachments == was.attachments)
    }

    @Test("a token for a client that acts for itself has nothing of a user")
    func client() async throws {
        let format = try await load()
        let authorization = Authorization(subject: .client("client-1"), limits: AccessLimits(scope: []))
        let contents = TokenContents(
            id: "id-2", client: .test(id: "client-1"), authorization: authorization,
            issuedAt: Timestamp(seconds: 1_800_000_000), expiresAt: Timestamp(seconds: 1_800_000_900))
        let value = try await format.mint(contents).value
        let token = try #require(try await format.resolve(value))
        let now = token.authorization
        #expect(now.subject == .client("client-1") && now.limits == authorization.limits)
        #expect(now.claims == [:] && now.confirmation == nil && now.attachments.isEmpty)
    }

    @Test("a source of claims cannot replace what the format sets, and attachments cannot be read")
    func claims() async throws {
        let format = try await load()
        var contents = contents()
        contents.claims = [.init("tier", "gold"), .init("sub", "mallory"), .init("att", "x"), .init("nbf", "x")]
        let value = try await format.mint(contents).value
        let claims = try JSON(parsing: try #require(PublicToken(value)).message)
        #expect(claims["tier"] == "gold" && claims["sub"] == "ann" && claims["nbf"] == nil)
        #expect(claims["exp"] == "2027-01-15T08:15:00Z" && claims["aud"] == "https://a.example")
        #expect(!claims.text.contains("nonce"))
        let token = try #require(try await format.resolve(value))
        #expect(token.authorization.claims == ["tenant": "t\u{E9}\u{1F600}", "tier": "gold"])
    }

    // MARK: keys

    private func publicKeys(_ host: TestHost, _ seed: UInt8) async throws -> [String] {
        let plugin = try await host.load(PasetoToken.self, settings: PasetoTokenTests.settings(seed))
        let member = try #require(plugin.registry.metadata.first { $0.name == "paseto_public_keys" })
        guard case .value(let keys) = member.value else { return [] }
        return keys.strings
    }

    @Test("after a key is replaced, its tokens are accepted as long as its public half is configured")
    func rotation() async throws {
        let host = TestHost()
        let value = try await load(1, on: host).mint(contents()).value
        let former = try await publicKeys(host, 1)
        #expect(former.count == 1 && former[0].utf8.starts(with: "k4.public.".utf8))
        let (without, with) = (try await load(2, on: host), try await load(2, former: former, on: host))
        #expect(try await without.resolve(value) == nil)
        #expect(try await with.resolve(value)?.id == "id-1")
        let new = try await with.mint(contents()).value
        #expect(try await without.resolve(new)?.id == "id-1" && new != value)
    }

    @Test("a token of another issuer with the same key is not accepted")
    func issuers() async throws {
        let value = try await load(on: TestHost(issuer: "https://a.example")).mint(contents()).value
        let other = try await load(on: TestHost(issuer: "https://b.example"))
        #expect(try await other.resolve(value) == nil)
    }

    @Test("a server without a key, or with one that cannot be read, does not start")
    func mistakes() async throws {
        let wrong: [JSON] = [
            [:], ["secret_key": "short"], ["secret_key": .string(String(repeating: "=", count: 43))],
            .object(PasetoTokenTests.settings(1, former: ["k4.public.AAAA"]).members),
            .object(PasetoTokenTests.settings(1, former: ["k4.secret.AAAA"]).members),
        ]
        for settings in wrong {
            await #expect(throws: ConfigurationError.self) {
                try await TestHost().load(PasetoToken.self, settings: settings)
            }
        }
    }

    @Test(
        "times are written and read in one way",
        arguments: [0, 951_782_399, 951_868_800, 4_102_444_799, 253_402_300_799] as [Int64])
    func times(_ seconds: Int64) {
        let moment = Timestamp(seconds: seconds)
        #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
    }

    @Test(
        "other times are refused",
        arguments: [
            "", "2027-02-29T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:60Z", "2027-01-01t00:00:00Z",
            "2027-01-01T00:00:00+00:00", "2027-1-01T00:00:000Z", "9999999999-1T1:1:1:1", "0000-00-00T00:00:00Z",
        ])
    func wrongTimes(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}
