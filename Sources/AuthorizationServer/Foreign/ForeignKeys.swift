// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Checks tokens that others have signed, for one plugin.
///
/// What is cheap comes first: a token with wrong claims causes neither a request to another server nor the work of a
/// signature, and one with a wrong signature writes nothing.
struct ForeignKeys: ForeignKeyService {
    let core: ServerCore
    let plugin: String

    func unverified(_ token: String) -> UnverifiedJWT? {
        try? core.foreignTokens.read(token)
    }

    func issuer(_ name: String) -> ForeignIssuer? {
        core.generation?.capabilities.issuers.first { $0.name == name }
    }

    func verify(_ token: String, by source: KeySource, _ rules: JWTRules) async throws -> VerifiedJWT {
        let jwt = try core.foreignTokens.read(token)
        try checkKind(jwt.header, source)
        try rules.check(jwt, at: core.now)
        let signer = try await verifySignature(of: jwt, by: source)
        var verified = VerifiedJWT(header: jwt.header, claims: jwt.claims)
        guard rules.isSingleUse else { return verified }
        let used = UsedJWT(
            store: core.store, digest: core.cryptography.digest, now: core.now, restoration: core.restoration,
            longest: rules.longestLife ?? .seconds(86400), leeway: rules.leeway)
        let party = jwt.claims["iss"]?.string ?? signer
        guard rules.isUsedByCaller else {
            try await used.use(jwt.claims, of: party, by: plugin)
            return verified
        }
        verified.writes = [try await used.write(for: jwt.claims, of: party, by: plugin)]
        return verified
    }

    func keys(in set: JSON) throws -> PublicKeySet {
        PublicKeySet(try core.cryptography.publicKeys(set))
    }

    /// Keeps signatures and message authentication codes apart, so that no public key can be taken for a secret (RFC
    /// 8725 section 2.1).
    private func checkKind(_ header: JSON, _ source: KeySource) throws {
        let isSigned = core.cryptography.signatureAlgorithms.contains(header["alg"]?.string ?? "")
        if case .secret = source {
            guard !isSigned else { throw JWTRefusal("it has a signature instead of a message authentication code") }
        } else if !isSigned {
            throw JWTRefusal("it has a message authentication code instead of a signature")
        }
    }

    /// Verifies a signature.
    ///
    /// - Returns: The name of the source, for tokens without an issuer.
    private func verifySignature(of jwt: UnverifiedJWT, by source: KeySource) async throws -> String {
        switch source {
        case .client(let client):
            if let keys = client.publicKeys {
                try ForeignKeys.accept(keys.verify(jwt))
            } else if let address = client.document["jwks_uri"]?.string {
                try await verify(jwt, byKeysAt: address)
            } else {
                throw JWTRefusal("the client has no keys")
            }
            return client.id
        case .address(let address):
            try await verify(jwt, byKeysAt: address)
            return address
        case .keys(let set):
            try ForeignKeys.accept(set.keys.verify(jwt))
            return ""
        case .secret(let client):
            guard let keys = client.secretKeys else { throw JWTRefusal("the client has no readable secret") }
            try ForeignKeys.accept(keys.verify(jwt))
            return client.id
        @unknown default: throw JWTRefusal("this server does not know the source of its keys")
        }
    }

    private func verify(_ jwt: UnverifiedJWT, byKeysAt address: String) async throws {
        let keys = try await core.keySets.keys(at: address)
        var verdict = keys.verify(jwt)
        if case .unknownKey = verdict, let newer = await core.keySets.newerKeys(at: address, than: keys) {
            verdict = newer.verify(jwt)
        }
        try ForeignKeys.accept(verdict)
    }

    private static func accept(_ verdict: SignatureVerdict) throws {
        switch verdict {
        case .valid: return
        case .unknownKey(let reason), .wrong(let reason): throw JWTRefusal(reason)
        @unknown default: throw JWTRefusal("its signature cannot be verified")
        }
    }
}
