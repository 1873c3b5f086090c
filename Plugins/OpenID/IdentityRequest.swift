// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The parameters that an authentication request adds to an authorization request (OpenID Connect Core section
/// 3.1.2.1).
struct IdentityRequest: AuthorizationRequestFilter {
    let host: any PluginHost
    let parameters =
        [
            ParameterDeclaration("nonce", example: .random), ParameterDeclaration("prompt", longest: 64),
            ParameterDeclaration("max_age", longest: 16), ParameterDeclaration("login_hint", longest: 256),
            ParameterDeclaration("id_token_hint", longest: 4096), ParameterDeclaration("acr_values", longest: 1024),
            ParameterDeclaration("claims", longest: 4096), ParameterDeclaration("display", longest: 16),
            ParameterDeclaration("ui_locales", longest: 256), ParameterDeclaration("claims_locales", longest: 256),
        ] + unserved.map { ParameterDeclaration($0.parameter, longest: 32_768) }

    /// The unsupported parameters; ignoring them would change the meaning of a request (sections 6.1, 6.2 and 7.2.1).
    private static let unserved = [
        (parameter: "request", code: "request_not_supported"),
        (parameter: "request_uri", code: "request_uri_not_supported"),
        (parameter: "registration", code: "registration_not_supported"),
    ]

    /// The supported values of `prompt`.
    static let servedPrompts: [InteractionPolicy.Prompt] = [.none, .login, .consent, .selectAccount]

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        let parameters = request.parameters
        for (parameter, code) in IdentityRequest.unserved where parameters[parameter] != nil {
            throw OAuthError(
                OAuthError.Code(rawValue: code), "the parameter '\(parameter)' is not supported by this server")
        }
        policy.prompts.formUnion(try prompts(parameters["prompt"]))
        if let text = parameters["max_age"] { try bound(&policy, by: text) }
        prefer(parameters, in: &policy)
        if let hint = parameters["id_token_hint"] {
            try require(try await subject(of: hint, for: request.client), in: &policy)
        }
        var kept: JSON = [:]
        kept["nonce"] = parameters["nonce"].map(JSON.string)
        if let text = parameters["claims"] {
            let claims = try RequestedClaims(parsing: text)
            try require(claims, in: &policy)
            kept["claims"] = claims.json
            let items = claims.items(policy.limits.scope, of: request.client)
            if !items.isEmpty { kept["consent"] = .strings(items) }
        }
        if !kept.members.isEmpty { policy.attachments[OpenID.manifest.id] = kept }
    }

    /// Sets what the request says; other filters may have set the rest.
    private func prefer(_ parameters: Parameters, in policy: inout InteractionPolicy) {
        if let hint = parameters["login_hint"] { policy.loginHint = hint }
        if let locales = parameters["ui_locales"] { policy.languages = words(locales) }
        if let classes = parameters["acr_values"] { policy.acr = words(classes) }
    }

    /// Requires what the claims say, in addition to what other filters require.
    private func require(_ claims: RequestedClaims, in policy: inout InteractionPolicy) throws {
        if let subject = claims.subject { try require(.user(subject), in: &policy) }
        let (wanted, required) = (claims.essentialACR, policy.essentialACR)
        guard !wanted.isEmpty else { return }
        policy.essentialACR = required.isEmpty ? wanted : wanted.filter { required.contains($0) }
        guard policy.essentialACR.isEmpty else { return }
        throw OAuthError(
            OAuthError.Code(rawValue: "unmet_authentication_requirements"),
            "'claims' requires an authentication class that is not enough for this server")
    }

    private func require(_ subject: Subject, in policy: inout InteractionPolicy) throws {
        guard policy.subject == nil || policy.subject == subject else {
            throw OAuthError(.invalidRequest, "the request names different users")
        }
        policy.subject = subject
    }

    private func words(_ text: String?) -> [String] {
        (text ?? "").utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
    }

    private func prompts(_ text: String?) throws -> Set<InteractionPolicy.Prompt> {
        let prompts = words(text).map { InteractionPolicy.Prompt(rawValue: $0) }
        guard prompts.allSatisfy({ IdentityRequest.servedPrompts.contains($0) }) else {
            throw OAuthError(.invalidRequest, "'prompt' contains an unsupported value")
        }
        guard !prompts.contains(.none) || Set(prompts).count == 1 else {
            throw OAuthError(.invalidRequest, "'none' must be the only value of 'prompt'")
        }
        return Set(prompts)
    }

    private func bound(_ policy: inout InteractionPolicy, by text: String) throws {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let seconds = Int64(text) else {
            throw OAuthError(.invalidRequest, "'max_age' must be a number of seconds")
        }
        policy.maxAge = min(policy.maxAge ?? .seconds(seconds), .seconds(seconds))
    }

    /// The user named by an ID token; it may have expired, since it only says which user is meant.
    private func subject(of hint: String, for client: Client) async throws -> Subject {
        guard let claims = try await host.keys.verify(hint, type: "JWT")?.claims,
            claims["iss"]?.string == host.issuer, claims["aud"]?.strings.contains(client.id) ?? false,
            let subject = claims["sub"]?.string
        else {
            throw OAuthError(.invalidRequest, "'id_token_hint' is not an ID token for this client")
        }
        return .user(subject)
    }
}

/// The claims that a request asks for by name (OpenID Connect Core section 5.5).
struct RequestedClaims: Sendable {
    let json: JSON
    /// The user who must sign in.
    let subject: String?
    /// The authentication context classes of which one is required (section 5.5.1.1).
    let essentialACR: [String]

    /// Parses the parameter `claims`.
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    init(parsing text: String) throws {
        let malformed = OAuthError(.invalidRequest, "'claims' is not a valid claims request")
        guard let json = try? JSON(parsing: text), case .object = json else { throw malformed }
        for place in ["id_token", "userinfo"] {
            guard let names = json[place], names != .null else { continue }
            guard case .object(let members) = names, members.allSatisfy({ RequestedClaims.isRequest($0.value) }) else {
                throw malformed
            }
        }
        self.json = RequestedClaims.known(json)
        subject = json["id_token"]?["sub"]?["value"]?.string ?? json["userinfo"]?["sub"]?["value"]?.string
        let acr = json["id_token"]?["acr"]
        let wanted = acr?["values"]?.strings ?? acr?["value"]?.strings ?? []
        essentialACR = acr?["essential"] == true ? wanted : []
    }

    /// The part of a claims request that the server supports: the names for each place, and the accepted values of a
    /// claim.
    private static func known(_ json: JSON) -> JSON {
        var kept: JSON = [:]
        for place in ["id_token", "userinfo"] {
            let asked = (json[place]?.members ?? []).filter { StandardClaims.word(of: $0.name) != nil }
            if !asked.isEmpty { kept[place] = .strings(asked.map(\.name)) }
            let bound = asked.compactMap { member -> JSON.Member? in
                let values = member.value["values"]?.elements ?? member.value["value"].map { [$0] }
                return values.map { JSON.Member(member.name, .array($0)) }
            }
            if !bound.isEmpty { kept["\(place)_values"] = .object(bound) }
        }
        return kept
    }

    /// The items that the user has to consent to: the claims that no scope value of the request covers, if the client
    /// may have that scope value.
    func items(_ scope: Scope, of client: Client) -> [String] {
        guard scope.contains(OpenID.scope) else { return [] }
        let names = (json["id_token"]?.strings ?? []) + (json["userinfo"]?.strings ?? [])
        return StandardClaims.names.filter { name in
            guard names.contains(name), let word = StandardClaims.word(of: name) else { return false }
            return client.scope.contains(word) && !scope.contains(word)
        }.map(RequestedClaims.item)
    }

    /// An authorization without the claims whose scope values the client may no longer have.
    static func narrowed(_ authorization: Authorization, to client: Client) -> Authorization {
        guard let items = authorization.attachments[OpenID.manifest.id]?["consent"]?.strings else {
            return authorization
        }
        let allowed = StandardClaims.names.filter { StandardClaims.word(of: $0).map(client.scope.contains) ?? false }
            .map(item)
        var narrowed = authorization
        narrowed.attachments[OpenID.manifest.id]?["consent"] = .strings(items.filter(allowed.contains))
        return narrowed
    }

    /// The name of a claim as an item of consent.
    static func item(_ name: String) -> String { "claim \(name)" }

    private static func isRequest(_ value: JSON) -> Bool {
        if case .object = value { true } else { value == .null }
    }

    /// Whether a claim was requested by name, without a value or with this one.
    static func ask(
        _ authorization: Authorization, for name: String, being value: JSON, to destination: ClaimsDestination
    ) -> Bool {
        let place = destination == .userinfo ? "userinfo" : "id_token"
        let claims = authorization.attachments[OpenID.manifest.id]?["claims"]
        guard claims?[place]?.strings.contains(name) ?? false else { return false }
        guard let values = claims?["\(place)_values"]?[name]?.elements else { return true }
        return values.contains { $0.text == value.text }
    }

    /// Whether a claim was allowed by name, by the user or by the configuration on the user's behalf.
    static func allow(_ authorization: Authorization, _ name: String) -> Bool {
        authorization.attachments[OpenID.manifest.id]?["consent"]?.strings.contains(item(name)) ?? false
    }
}
