// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension TestHost: MessageService, ConnectionService {
    func send(_ message: Message) async throws -> StoreWrite {
        let row: JSON = [
            "channel": .string(message.channel), "recipient": .string(message.recipient), "text": .string(message.text),
            "values": .object(message.values.map { JSON.Member($0.key, .string($0.value)) }),
        ]
        return .create(StoreRecord(StoreKey("message", random(bytes: 16)), row, expiresAt: now + message.limit))
    }

    func connect(to host: String, port: UInt16, startsTLS: Bool) async throws -> any Connection {
        TestConnection(isSecure: startsTLS)
    }
}

/// Verifies tokens that are the JSON of a header, claims and the name of a key, if the source has that key.
struct TestForeignKeys: LaterForeignKeys {
    let host: TestHost

    static func token(_ type: String, _ claims: JSON, key: String) -> String {
        let header: JSON = ["typ": .string(type)]
        return JSON.object([
            .init("header", header), .init("claims", claims), .init("thumbprint", .string(key)),
        ]).text
    }

    static func keys(_ names: String...) -> JSON {
        ["keys": .array(names.map { ["kid": .string($0)] })]
    }

    func unverified(_ token: String) -> UnverifiedJWT? {
        guard let json = try? JSON(parsing: token), let header = json["header"], let claims = json["claims"] else {
            return nil
        }
        return UnverifiedJWT(header: header, claims: claims)
    }

    func issuer(_ name: String) -> ForeignIssuer? { nil }

    func verify(_ token: String, by source: KeySource, _ rules: JWTRules) async throws -> VerifiedJWT {
        let (jwt, key) = try await verify(byItsOwnKey: token, rules)
        guard try await keys(of: source).contains(key) else { throw JWTRefusal("its key is unknown") }
        if rules.isSingleUse { try await useUp(jwt.claims) }
        return jwt
    }

    func keys(in set: JSON) throws -> PublicKeySet { PublicKeySet(NamedKeys(set: set)) }

    func verify(
        byItsOwnKey token: String, _ rules: JWTRules
    ) async throws -> (jwt: VerifiedJWT, thumbprint: String) {
        guard let jwt = unverified(token), let key = try JSON(parsing: token)["thumbprint"]?.string else {
            throw JWTRefusal("it is not signed")
        }
        try rules.check(jwt, at: host.now)
        return (VerifiedJWT(header: jwt.header, claims: jwt.claims), key)
    }

    private func useUp(_ claims: JSON) async throws {
        let key = StoreKey("used_jwt", "\(claims["iss"]?.string ?? "") \(claims["jti"]?.string ?? "")")
        let uses = try await host.records.increment(key, expiresAt: host.now + .seconds(600), now: host.now)
        guard uses == 1 else { throw JWTRefusal("it was used before") }
    }

    /// The names of the keys that count.
    private func keys(of source: KeySource) async throws -> [String] {
        let set: JSON?
        switch source {
        case .client(let client): set = client.document["jwks"]
        case .keys(let keys): set = (keys.keys as? NamedKeys)?.set
        case .address(let url): set = try JSON(parsing: try await host.send(OutboundRequest("GET", url)).body)
        case .secret: set = nil
        @unknown default: set = nil
        }
        return set?["keys"]?.elements.compactMap { $0["kid"]?.string } ?? []
    }
}

/// A set of keys that have only names.
private struct NamedKeys: VerificationKeys {
    let set: JSON

    func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict { .wrong("a name verifies nothing") }
}

/// A store as it is lent to plugins.
struct LentTestStore: StoreService {
    let store: TestStore

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await store.read(keys) }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { try await store.write(writes) }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await store.find(collection, by: index, equals: value, after: after, limit: limit)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64 {
        try await store.increment(key, expiresAt: expiresAt, now: Timestamp(seconds: 0))
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await store.page(collection, after: after, limit: limit)
    }
}
