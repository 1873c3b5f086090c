// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Exchanges one token for another (RFC 8693).
struct TokenExchange: Plugin, TokenGrant {
    static let manifest = PluginManifest(
        id: "token-exchange", summary: "one token for another", specification: "RFC 8693")
    static let accessToken = "urn:ietf:params:oauth:token-type:access_token"

    let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:token-exchange", key: "token_exchange", client: .confidential)
    let parameters = [
        ParameterDeclaration("subject_token", required: true, longest: 8192, secret: true),
        ParameterDeclaration("subject_token_type", required: true), ParameterDeclaration("requested_token_type"),
    ]
    private let host: any LaterHost
    private let mayLeaveAudience: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        mayLeaveAudience = settings.clientAttribute(
            "other_audiences", under: "token_exchange", default: false,
            "whether a token may be exchanged for one with another audience")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let value = try request.parameters.required("subject_token")
        guard request.parameters["subject_token_type"] == TokenExchange.accessToken,
            let subject = try await host.tokens.resolve(value), subject.kind == .access,
            subject.clientID == request.client.id || subject.authorization.limits.audience.contains(request.client.id)
        else { throw OAuthError(.invalidRequest, "the subject token is not accepted") }
        let audience = request.client[mayLeaveAudience] ? DerivedAudience.replaced : .narrowed
        var derived = try await host.laterAccess.derive(from: subject.authorization, for: request, audience)
        derived.limits.end(by: subject.expiresAt)
        var actor: JSON = ["sub": .string(request.client.id)]
        actor["act"] = subject.authorization.actor
        derived.actor = actor
        derived.issuedType = request.parameters["requested_token_type"]
        derived.writes = [try await host.tokens.unrevoked(.token(subject.id))]
        return derived
    }
}
