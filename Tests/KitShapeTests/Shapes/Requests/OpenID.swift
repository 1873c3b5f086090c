// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Tells the client who signed in, with a signed token (OpenID Connect Core 1.0).
struct OpenID: Plugin {
    static let manifest = PluginManifest(
        id: "openid", summary: "tells a client who signed in", specification: "OpenID Connect Core 1.0")

    private let maker: IdentityTokenMaker

    init(settings: Settings, host: any PluginHost) throws {
        let algorithm = settings.clientAttribute(
            "id_token_signed_response_alg", default: "RS256", "the signature algorithm of ID tokens")
        maker = IdentityTokenMaker(host: host, algorithm: algorithm)
    }

    func register(in registry: inout Registry) {
        registry.add(scopeOnRequest: "openid")
        registry.add(metadata: "subject_types_supported", .union(["public"]))
        registry.add(flow: IdentityFlow(maker: maker))
        registry.add(extension: IdentityExtension(maker: maker))
        registry.add(requestFilter: IdentityFilter(host: maker.host))
        registry.add(endpoint: UserInfo(host: maker.host))
        registry.add(document: "openid-configuration")
    }
}

struct IdentityTokenMaker: Sendable {
    let host: any PluginHost
    let algorithm: ClientAttribute<String>

    func token(for issuance: Issuance) async throws -> JSON {
        let authorization = issuance.authorization
        var claims: JSON = [
            "iss": .string(host.issuer), "sub": .string(authorization.subject.id), "aud": .string(issuance.client.id),
            "iat": .integer(issuance.issuedAt.seconds),
            "exp": .integer((issuance.issuedAt + .seconds(300)).seconds),
        ]
        claims["nonce"] = authorization.attachments[OpenID.manifest.id]?["nonce"]
        claims["auth_time"] = (authorization.authenticatedAt?.seconds).map(JSON.integer)
        claims["acr"] = authorization.acr.map(JSON.string)
        claims["sid"] = authorization.sessionID.map(JSON.string)
        if !authorization.amr.isEmpty { claims["amr"] = .strings(authorization.amr) }
        claims["at_hash"] = issuance["access_token"].map {
            .string(host.cryptography.leftHalf($0, algorithm: issuance.client[algorithm]))
        }
        claims["c_hash"] = issuance["code"].map {
            .string(host.cryptography.leftHalf($0, algorithm: issuance.client[algorithm]))
        }
        let about = try await host.access.claims(
            for: authorization, client: issuance.client, scope: issuance.limits.scope, to: .identityToken)
        for claim in about where claims[claim.name] == nil { claims[claim.name] = claim.value }
        return .string(try await host.keys.sign(claims, type: "JWT", algorithm: issuance.client[algorithm]))
    }
}

/// The response type `id_token`, alone or combined with others (OpenID Connect Core sections 3.2 and 3.3).
struct IdentityFlow: AuthorizationFlow {
    let maker: IdentityTokenMaker
    let word = "id_token"
    let grant = GrantDeclaration("implicit", client: .identified)
    let combinesWith: Set<String> = ["code", "token"]
    let delivery = Delivery.fragment
    let stage = Stage.assertion

    func validate(_ request: AuthorizationRequest) async throws {
        _ = try request.parameters.required("nonce")
        guard try Scope(parsing: request.parameters["scope"] ?? "").contains("openid") else {
            throw OAuthError(.invalidScope, "an ID token requires the scope 'openid'")
        }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        try issuance.add("id_token", try await maker.token(for: issuance))
    }
}

/// Adds an ID token to the token response (OpenID Connect Core section 3.1.3.3).
struct IdentityExtension: ResponseExtension {
    let maker: IdentityTokenMaker
    let members = ["id_token"]
    let stage = Stage.assertion

    func extend(_ issuance: inout Issuance) async throws {
        // At the authorization endpoint, the response type decides.
        guard case .token = issuance.answer else { return }
        guard issuance.authorization.scope.contains("openid"), case .user = issuance.authorization.subject else {
            return
        }
        try issuance.add("id_token", try await maker.token(for: issuance))
    }
}

struct IdentityFilter: AuthorizationRequestFilter {
    let host: any PluginHost
    let parameters = ["nonce", "prompt", "max_age", "login_hint", "id_token_hint", "acr_values"].map {
        ParameterDeclaration($0, longest: 4096)
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        let parameters = request.parameters
        policy.prompts.formUnion(try prompts(parameters))
        policy.acr = (parameters["acr_values"] ?? "").split(separator: " ").map(String.init)
        policy.loginHint = parameters["login_hint"]
        if let text = parameters["max_age"] {
            guard let seconds = Int64(text), seconds >= 0 else {
                throw OAuthError(.invalidRequest, "'max_age' must be a number of seconds")
            }
            policy.maxAge = min(policy.maxAge ?? .seconds(seconds), .seconds(seconds))
        }
        if let hint = parameters["id_token_hint"] {
            guard let subject = try await host.keys.verify(hint, type: "JWT")?.claims["sub"]?.string else {
                throw OAuthError(.invalidRequest, "'id_token_hint' is not an ID token of this server")
            }
            policy.subject = .user(subject)
        }
        policy.attachments[OpenID.manifest.id] = parameters["nonce"].map { ["nonce": .string($0)] }
    }

    private func prompts(_ parameters: Parameters) throws -> Set<InteractionPolicy.Prompt> {
        let words = (parameters["prompt"] ?? "").split(separator: " ").map(String.init)
        let prompts = Set(words.map { InteractionPolicy.Prompt(rawValue: $0) })
        guard prompts.isSubset(of: [.none, .login, .consent, .selectAccount]) else {
            throw OAuthError(.invalidRequest, "'prompt' contains an unsupported value")
        }
        guard !prompts.contains(.none) || words.count == 1 else {
            throw OAuthError(.invalidRequest, "'none' must be the only value of 'prompt'")
        }
        return prompts
    }
}

struct UserInfo: Endpoint {
    let host: any PluginHost
    let route = Route(["GET", "POST"], "/userinfo", metadata: "userinfo_endpoint")
    let admission = Admission.bearer(["openid"])

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let authorization = request.caller.token.authorization
        var answer: JSON = ["sub": .string(authorization.subject.id)]
        let claims = try await host.access.claims(
            for: authorization, client: request.caller.client, scope: authorization.scope, to: .userinfo)
        for claim in claims where answer[claim.name] == nil { answer[claim.name] = claim.value }
        return EndpointResponse(answer)
    }
}
