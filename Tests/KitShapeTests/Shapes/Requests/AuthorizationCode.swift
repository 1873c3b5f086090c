// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A user approves in the browser, and the client redeems a code (RFC 6749 section 4.1, RFC 7636).
struct AuthorizationCode: Plugin {
    static let manifest = PluginManifest(
        id: "authorization-code", summary: "a user approves in the browser",
        specification: "RFC 6749 section 4.1, RFC 7636")
    static let declaration = GrantDeclaration("authorization_code", client: .identified)

    private let host: any PluginHost
    private let lifetime: Duration
    private let isChallengeRequired: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        lifetime = settings.read(
            "code_lifetime", default: .seconds(60), in: .seconds(10)...(.seconds(600)),
            "the lifetime of a code")
        isChallengeRequired = settings.clientAttribute(
            "pkce", under: "authorization_code", default: true, "whether a request must carry a code challenge")
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("authorization_code"))
        registry.add(metadata: "code_challenge_methods_supported", .union(["S256"]))
        registry.add(flow: CodeFlow(host: host, lifetime: lifetime, isChallengeRequired: isChallengeRequired))
        registry.add(grant: CodeGrant(host: host))
    }

    static func key(of code: String, _ host: any PluginHost) -> StoreKey {
        StoreKey("authorization_code", host.cryptography.digest(code))
    }
}

struct CodeFlow: AuthorizationFlow {
    let host: any PluginHost
    let lifetime: Duration
    let isChallengeRequired: ClientAttribute<Bool>
    let word = "code"
    let grant = AuthorizationCode.declaration
    let delivery = Delivery.query
    let parameters = [
        ParameterDeclaration("code_challenge", longest: 43), ParameterDeclaration("code_challenge_method", longest: 5),
    ]

    func validate(_ request: AuthorizationRequest) async throws {
        guard let challenge = request.parameters["code_challenge"] else {
            guard !request.client[isChallengeRequired], !request.client.isPublic else {
                throw OAuthError(.invalidRequest, "the parameter 'code_challenge' is missing")
            }
            return
        }
        guard request.parameters["code_challenge_method"] == "S256", challenge.utf8.count == 43 else {
            throw OAuthError(.invalidRequest, "the code challenge method must be S256")
        }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        let code = host.random(bytes: 32)
        var granted = issuance.authorization
        granted.attachments[AuthorizationCode.manifest.id] = request.parameters["code_challenge"].map {
            ["code_challenge": .string($0)]
        }
        var row: JSON = ["client": .string(issuance.client.id), "authorization": granted.stored]
        // The redirect URI must be repeated only if it was sent (RFC 6749 section 4.1.3).
        row["redirect_uri"] = request.parameters["redirect_uri"].map(JSON.string)
        let key = AuthorizationCode.key(of: code, host)
        issuance.alsoWrite(.create(StoreRecord(key, row, expiresAt: issuance.issuedAt + lifetime)))
        try issuance.add("code", .string(code))
    }
}

struct CodeGrant: TokenGrant {
    let host: any PluginHost
    let declaration = AuthorizationCode.declaration
    let parameters = [
        ParameterDeclaration("code", required: true, longest: 128, secret: true),
        ParameterDeclaration("redirect_uri"), ParameterDeclaration("code_verifier", longest: 128, secret: true),
    ]

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let key = AuthorizationCode.key(of: try request.parameters.required("code"), host)
        guard let record = try await host.store.read(key), record.expiresAt > host.now,
            let stored = record.value["authorization"]
        else { throw OAuthError.invalidGrant(reason: "the code has expired or was never issued") }
        guard record.value["client"]?.string == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the code was issued to another client")
        }
        guard record.value["redirect_uri"]?.string == request.parameters["redirect_uri"] else {
            throw OAuthError.invalidGrant(reason: "the redirect URI differs from that of the authorization request")
        }
        var authorization = try Authorization(stored: stored)
        let own = authorization.attachments.removeValue(forKey: AuthorizationCode.manifest.id)
        guard isVerified(own?["code_challenge"]?.string, by: request.parameters["code_verifier"]) else {
            throw OAuthError.invalidGrant(reason: "the code verifier does not match the challenge")
        }
        // The commit finds out whether the code was redeemed before, since only there no race is possible.
        authorization.writes = [.redeem(key)]
        return authorization
    }

    private func isVerified(_ challenge: String?, by verifier: String?) -> Bool {
        switch (challenge, verifier) {
        case (nil, nil): true
        case (let challenge?, let verifier?):
            verifier.utf8.count >= 43 && Secret(host.cryptography.digest(verifier)) == Secret(challenge)
        default: false
        }
    }
}
