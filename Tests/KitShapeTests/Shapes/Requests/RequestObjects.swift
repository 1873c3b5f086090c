// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Authorization requests that the client has signed (RFC 9101), by value only.
struct RequestObjects: Plugin, AuthorizationRequestResolver {
    static let manifest = PluginManifest(
        id: "request-objects", summary: "signed authorization requests", specification: "RFC 9101")

    let parameters = [ParameterDeclaration("request", longest: 16384)]
    private let host: any LaterHost
    private let isRequired: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        isRequired = settings.clientAttribute(
            "require_signed_request_object", default: false, "whether requests that are not signed are refused")
    }

    func register(in registry: inout Registry) {
        registry.add(metadata: "request_parameter_supported", .value(true))
        registry.add(later: self)
    }

    func resolve(_ outer: Parameters, client: Client) async throws -> ResolvedRequest? {
        guard let object = outer["request"] else {
            guard !client[isRequired] else { throw OAuthError(.invalidRequest, "this client must sign its requests") }
            return nil
        }
        do {
            let rules = JWTRules(types: ["oauth-authz-req+jwt"], issuer: client.id, audience: [host.issuer])
            let claims = try await host.foreignKeys.verify(object, by: .client(client), rules).claims
            guard claims["client_id"]?.string == client.id, claims["request"] == nil, claims["request_uri"] == nil
            else { throw JWTRefusal("it is another client's, or refers to another request") }
            // Only what is signed counts; a parameter beside the object is ignored (section 6.3).
            let signed = claims.members.compactMap { member in
                member.value.string.map { (name: member.name, value: $0) }
            }
            return ResolvedRequest(parameters: Parameters(signed))
        } catch let refusal as JWTRefusal {
            let code = OAuthError.Code(rawValue: "invalid_request_object")
            throw OAuthError(code, "the request object is not accepted", reason: refusal.reason)
        }
    }
}
