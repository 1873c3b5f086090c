// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit

/// The server's own keys.
struct RemoteKeys: KeyRing {
    let connection: HostConnection
    let algorithms: [String]

    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String {
        let input: JSON = .present([
            ("claims", claims), ("type", .string(type)), ("algorithm", algorithm.map(JSON.string)),
        ])
        return try await connection.ask("keys.sign", input).text(of: "keys.sign")
    }

    func verify(_ token: String, type: String) async throws -> VerifiedJWT? {
        let output = try await connection.ask("keys.verify", ["token": .string(token), "type": .string(type)])
        return try output.present(VerifiedJWT.init(form:))
    }

    func authenticationCode(_ message: String, purpose: String) async throws -> String {
        let input: JSON = ["message": .string(message), "purpose": .string(purpose)]
        return try await connection.ask("keys.authentication_code", input).text(of: "keys.authentication_code")
    }

    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool {
        let input: JSON = ["code": .string(code), "message": .string(message), "purpose": .string(purpose)]
        return try await connection.ask("keys.is_authentic", input).bool ?? false
    }

    func seal(_ text: String, purpose: String) async throws -> String {
        let input: JSON = ["text": .string(text), "purpose": .string(purpose)]
        return try await connection.ask("keys.seal", input).text(of: "keys.seal")
    }

    func open(_ sealed: String, purpose: String) async throws -> String? {
        try await connection.ask("keys.open", ["sealed": .string(sealed), "purpose": .string(purpose)]).string
    }
}

/// Checks of tokens that others have signed, which the server makes; reading a token needs no server.
struct RemoteForeignKeys: ForeignKeyService {
    let connection: HostConnection
    let signatures: any SignatureVerifier

    func verify(_ token: String, by source: KeySource, _ rules: JWTRules) async throws -> VerifiedJWT {
        let output = try await connection.ask(
            "foreign.verify",
            ["token": .string(token), "keys": NamedKeys.form(of: source), "rules": rules.form])
        if let reason = output["refusal"]?.string { throw JWTRefusal(reason) }
        if let why = output["unreachable"]?.string { throw OutboundError(why) }
        return try VerifiedJWT(form: output)
    }

    func keys(in set: JSON) throws -> PublicKeySet {
        _ = try signatures.publicKeys(set)
        return PublicKeySet(NamedKeys(form: ["set": set]))
    }

    func issuer(_ name: String) -> ForeignIssuer? {
        guard let found = try? connection.askWaiting("foreign.issuer", ["name": .string(name)]),
            let rules = try? found["rules"].map(JWTRules.init(form:))
        else { return nil }
        return ForeignIssuer(name, keys: .keys(PublicKeySet(NamedKeys(form: ["issuer": .string(name)]))), rules: rules)
    }

    func unverified(_ token: String) -> UnverifiedJWT? {
        try? signatures.read(token)
    }
}
