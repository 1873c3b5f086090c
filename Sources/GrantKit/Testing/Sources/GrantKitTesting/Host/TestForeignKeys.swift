// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Checks tokens of test parties by the rules of a server; key sets are fetched from the test's network each time.
struct TestForeignKeys: ForeignKeyService {
    static let collection = "used_jwt"

    let host: TestHost

    func unverified(_ token: String) -> UnverifiedJWT? {
        try? TestForeignKeys.read(token)
    }

    func issuer(_ name: String) -> ForeignIssuer? { host.issuers.all.first { $0.name == name } }

    func verify(_ token: String, by source: KeySource, _ rules: JWTRules) async throws -> VerifiedJWT {
        let jwt = try TestForeignKeys.read(token)
        let isCode = jwt.header["alg"]?.string?.utf8.starts(with: "HS".utf8) ?? false
        if case .secret(let client) = source {
            guard isCode else { throw JWTRefusal("it has a signature instead of a message authentication code") }
            return try await verify(jwt, by: client, rules)
        }
        guard !isCode else { throw JWTRefusal("it has a message authentication code instead of a signature") }
        try rules.check(jwt, at: host.clock.now)
        switch try await keys(of: source).verify(jwt) {
        case .valid: return try await used(jwt, rules)
        case .unknownKey(let reason), .wrong(let reason): throw JWTRefusal(reason)
        @unknown default: throw JWTRefusal("its signature cannot be verified")
        }
    }

    func keys(in set: JSON) throws -> PublicKeySet {
        let keys = set["keys"]?.elements ?? []
        guard !keys.isEmpty else { throw ConfigurationError("it has no keys") }
        guard keys.allSatisfy({ $0["d"] == nil && $0["k"] == nil }) else {
            throw ConfigurationError("it contains a secret or private key")
        }
        return PublicKeySet(TestKeySet(set: set))
    }

    /// Checks a token by the secret in the document of a client.
    private func verify(
        _ jwt: UnverifiedJWT, by client: Client, _ rules: JWTRules
    ) async throws -> VerifiedJWT {
        try rules.check(jwt, at: host.clock.now)
        guard let secret = client.document["secret"]?.string else {
            throw JWTRefusal("the client has no readable secret")
        }
        guard TestKeySet.isCode(of: jwt, Array(secret.utf8)) else {
            throw JWTRefusal("the message authentication code is wrong")
        }
        return try await used(jwt, rules)
    }

    // MARK: single use

    /// The verified token, which is used up if it is accepted only once.
    private func used(_ jwt: UnverifiedJWT, _ rules: JWTRules) async throws -> VerifiedJWT {
        var verified = VerifiedJWT(header: jwt.header, claims: jwt.claims)
        guard rules.isSingleUse else { return verified }
        let refusal = JWTRefusal("it was used before")
        let name = JSON.array([jwt.claims["iss"] ?? .null, jwt.claims["jti"] ?? .null]).text
        let key = StoreKey(TestForeignKeys.collection, TestCryptography().digest(name))
        let end = (jwt.claims["exp"]?.numericDate ?? host.clock.now) + .seconds(120)
        guard try await host.store.read(key) == nil else { throw refusal }
        verified.writes = [.create(StoreRecord(key, ["v": 1], expiresAt: end).lent())]
        if rules.isUsedByCaller { return verified }
        let outcome = try await host.store.commit(verified.writes, of: "the use of a token")
        guard case .committed = outcome else { throw refusal }
        verified.writes = []
        return verified
    }

    // MARK: keys

    private func keys(of source: KeySource) async throws -> any VerificationKeys {
        switch source {
        case .keys(let set): return set.keys
        case .address(let address): return try await fetch(address)
        case .client(let client):
            if let set = client.document["jwks"] { return TestKeySet(set: set) }
            guard let address = client.document["jwks_uri"]?.string else { throw JWTRefusal("the client has no keys") }
            return try await fetch(address)
        case .secret: throw JWTRefusal("a secret is no key set")
        @unknown default: throw JWTRefusal("this host does not know the source of its keys")
        }
    }

    private func fetch(_ address: String) async throws -> TestKeySet {
        let reply = try await host.network.send(OutboundRequest("GET", address))
        guard reply.status == 200, let set = try? JSON(parsing: reply.body) else {
            throw OutboundError("there are no keys at '\(address)'")
        }
        return TestKeySet(set: set)
    }

    // MARK: parts

    /// A token with its parts; the signature is left as text, which test parties compare.
    ///
    /// - Throws: `JWTRefusal` for what a server does not verify either.
    fileprivate static func read(_ token: String) throws -> UnverifiedJWT {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 3, let header = json(parts[0]), let claims = json(parts[1]), case .object = header,
            case .object = claims
        else { throw JWTRefusal("it is not a JWS with claims") }
        guard header["crit"] == nil else { throw JWTRefusal("it requires extensions ('crit')") }
        let kinds = ["RS", "PS", "ES", "Ed", "HS"]
        guard let name = header["alg"]?.string, kinds.contains(where: { name.utf8.starts(with: $0.utf8) }),
            !parts[2].isEmpty
        else {
            throw JWTRefusal("'alg' is not a supported algorithm; unsigned tokens are not accepted")
        }
        return UnverifiedJWT(
            header: header, claims: claims, signed: Array("\(parts[0]).\(parts[1])".utf8),
            signature: Array(parts[2].utf8))
    }

    private static func json(_ part: String) -> JSON? {
        Base64.decode(part).flatMap { try? JSON(parsing: $0) }
    }
}

/// The keys of test parties.
private struct TestKeySet: VerificationKeys {
    let set: JSON

    func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict {
        let key = set["keys"]?.elements.first { $0["kid"] == jwt.header["kid"] }
        guard let bytes = key?["x"]?.string.flatMap(Base64.decode) else {
            return .unknownKey("no key with this 'kid' fits")
        }
        return TestKeySet.isCode(of: jwt, bytes) ? .valid : .wrong("the signature is wrong")
    }

    /// Whether the signature of a token is the code that a secret makes.
    static func isCode(of jwt: UnverifiedJWT, _ secret: [UInt8]) -> Bool {
        Array(TestParty.code(of: String(decoding: jwt.signed, as: UTF8.self), secret).utf8) == jwt.signature
    }
}
