// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Access tokens as JWTs, which a resource server verifies itself (RFC 9068).
struct JWTToken: Plugin, TokenFormat {
    static let manifest = PluginManifest(
        id: "jwt-token", summary: "signed access tokens", specification: "RFC 9068")

    let name = "jwt"
    let isSelfContained = true
    private let host: any PluginHost
    private let algorithm: String
    private let audience: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        algorithm = settings.read("algorithm", default: "ES256", "the signature algorithm (RFC 7518 section 3.1)")
        audience = settings.read(
            "audience", default: "", "the 'aud' of tokens without an audience; empty for the issuer")
        guard host.keys.algorithms.contains(algorithm) else {
            let known = host.keys.algorithms.joined(separator: ", ")
            throw ConfigurationError(
                "the server does not sign with '\(algorithm)', only with \(known)", at: "algorithm")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(format: self)
        registry.add(signingAlgorithm: algorithm)
    }

    func mint(_ contents: TokenContents) async throws -> MintedToken {
        var claims = claims(contents)
        // Most tokens have nothing to seal, and must not wait for it.
        if let kept = attachments(contents) { claims["att"] = try await sealed(kept).map(JSON.string) }
        return MintedToken(try await host.keys.sign(claims, type: "at+jwt", algorithm: algorithm))
    }

    private static let purpose = "jwt-attachments"
    /// The maximum length of the sealed attachments, since longer ones would make the token too long for a header.
    private static let longestSealed = 2048

    /// The attachments of the authorization; nil if there are none or if the token is not for this server.
    private func attachments(_ contents: TokenContents) -> String? {
        let authorization = contents.authorization
        let audiences = authorization.limits.audience
        guard !authorization.attachments.isEmpty, audiences.isEmpty || audiences.contains(host.issuer) else {
            return nil
        }
        let members = authorization.attachments.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
        return JSON.object(members).text
    }

    /// Seals attachments, so that only this server can read them; nil if that is too long.
    private func sealed(_ attachments: String) async throws -> String? {
        let sealed = try await host.keys.seal(attachments, purpose: JWTToken.purpose)
        return sealed.utf8.count <= JWTToken.longestSealed ? sealed : nil
    }

    private func opened(_ sealed: String) async throws -> [String: JSON] {
        guard let text = try await host.keys.open(sealed, purpose: JWTToken.purpose),
            let members = try? JSON(parsing: text).members
        else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The claims of a token (RFC 9068 section 2.2), with `gid`, `epoch` and `client_epoch` so that the end of the
    /// grant and the epochs of the user and the client apply to it.
    private func claims(_ contents: TokenContents) -> JSON {
        let authorization = contents.authorization
        let audiences = authorization.limits.audience
        let fallback = audience.isEmpty ? host.issuer : audience
        var members: [JSON.Member] = [
            .init("iss", .string(host.issuer)),
            .init("sub", .string(authorization.subject.id)),
            .init("aud", audiences.count > 1 ? .strings(audiences) : .string(audiences.first ?? fallback)),
            .init("client_id", .string(contents.client.id)),
            .init("iat", .integer(contents.issuedAt.seconds)),
            .init("exp", .integer(contents.expiresAt.seconds)),
            .init("jti", .string(contents.id)),
        ]
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(.init(name, value)) }
        }
        add("gid", authorization.grantID.map(JSON.string))
        add("scope", authorization.scope.words.isEmpty ? nil : .string(authorization.scope.description))
        add("auth_time", (authorization.authenticatedAt?.seconds).map(JSON.integer))
        add("acr", authorization.acr.map(JSON.string))
        add("amr", authorization.amr.isEmpty ? nil : .strings(authorization.amr))
        add("sid", authorization.sessionID.map(JSON.string))
        add("epoch", authorization.epoch.map(JSON.integer))
        add("client_epoch", authorization.clientEpoch.map(JSON.integer))
        add("act", authorization.actor)
        add("may_act", authorization.mayAct)
        add("cnf", authorization.confirmation.map { .object([.init($0.method, .string($0.value))]) })
        // The token type is part of the confirmation if it is not the default.
        add("cnf_type", authorization.confirmation.flatMap { $0.tokenType == "Bearer" ? nil : .string($0.tokenType) })
        let own = authorization.claims.members
        let given = contents.claims.filter { claim in !own.contains { $0.name == claim.name } }
        members += (own + given).filter { !JWTToken.reserved.contains($0.name) }
        return .object(members)
    }

    /// The claims that only this format sets, even if a token does not have them.
    private static let reserved: Set<String> = [
        "iss", "sub", "aud", "client_id", "iat", "exp", "nbf", "jti", "gid", "epoch", "client_epoch", "scope",
        "auth_time",
        "acr", "amr", "sid", "act", "may_act", "cnf", "cnf_type", "att",
    ]

    func resolve(_ value: String) async throws -> ResolvedToken? {
        // A token of another format costs no more than this.
        guard value.utf8.contains(UInt8(ascii: ".")) else { return nil }
        return try await verified(value)
    }

    // Not inlined, since its frame would be allocated for tokens of other formats too.
    @inline(never)
    private func verified(_ value: String) async throws -> ResolvedToken? {
        guard let claims = try await host.keys.verify(value, type: "at+jwt")?.claims,
            claims["iss"]?.string == host.issuer, let id = claims["jti"]?.string,
            let clientID = claims["client_id"]?.string, let subject = claims["sub"]?.string,
            let issuedAt = claims["iat"]?.integer, let expiresAt = claims["exp"]?.integer
        else { return nil }
        let words = (claims["scope"]?.string ?? "").utf8.split(separator: UInt8(ascii: " ")).map {
            String(Substring($0))
        }
        let limits = AccessLimits(
            scope: Scope(words),
            audience: claims["aud"]?.strings ?? [])
        // A client and a user never have the same id, so the subject tells which one it is.
        var authorization = Authorization(
            subject: subject == clientID ? .client(subject) : .user(subject), limits: limits)
        restore(&authorization, from: claims)
        if let sealed = claims["att"]?.string { authorization.attachments = try await opened(sealed) }
        return ResolvedToken(
            kind: .access, id: id, clientID: clientID, issuedAt: Timestamp(seconds: issuedAt),
            expiresAt: Timestamp(seconds: expiresAt), authorization: authorization)
    }

    private func restore(_ authorization: inout Authorization, from claims: JSON) {
        authorization.grantID = claims["gid"]?.string
        authorization.sessionID = claims["sid"]?.string
        authorization.authenticatedAt = claims["auth_time"]?.integer.map(Timestamp.init(seconds:))
        authorization.acr = claims["acr"]?.string
        authorization.amr = claims["amr"]?.strings ?? []
        authorization.epoch = claims["epoch"]?.integer
        authorization.clientEpoch = claims["client_epoch"]?.integer
        (authorization.actor, authorization.mayAct) = (claims["act"], claims["may_act"])
        if let bound = claims["cnf"]?.members.first, let value = bound.value.string {
            authorization.confirmation = Confirmation(
                bound.name, value, tokenType: claims["cnf_type"]?.string ?? "Bearer")
        }
        authorization.claims = .object(claims.members.filter { !JWTToken.reserved.contains($0.name) })
    }
}

/// The handshake that the server reads before it loads this library.
@c(jwt_token_plugin_abi)
public func jwtTokenPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(jwt_token_plugin_make)
public func jwtTokenPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(JWTToken.self)
}
