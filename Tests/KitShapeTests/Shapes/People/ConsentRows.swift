// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a client asks for in detail (RFC 9396): each detail is a row of the consent page.
struct AuthorizationDetails: Plugin, ConsentingFilter {
    static let manifest = PluginManifest(
        id: "authorization-details", summary: "detailed requests", specification: "RFC 9396")

    let parameters = [ParameterDeclaration("authorization_details", longest: 8192)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy, _ rows: inout [ConsentRow]) throws {
        guard let sent = request.parameters["authorization_details"] else { return }
        let details = (try? JSON(parsing: sent))?.elements ?? []
        guard !details.isEmpty, details.allSatisfy({ $0["type"]?.string == "payment" }) else {
            let code = OAuthError.Code(rawValue: "invalid_authorization_details")
            throw OAuthError(code, "'authorization_details' has an unknown type")
        }
        for (place, detail) in details.enumerated() {
            let amount = detail["amount"]?.string ?? ""
            rows.append(ConsentRow(name: "detail.\(place)", text: "payment_row", values: ["amount": amount]))
        }
        policy.consent.askEachTime()
        policy.attachments[AuthorizationDetails.manifest.id] = .array(details)
    }
}

/// Access while the user is away (OpenID Connect Core section 11): a row that the user can untick.
struct OfflineAccess: Plugin, ConsentingFilter, TokenRequestFilter {
    static let manifest = PluginManifest(
        id: "offline-access", summary: "access while the user is away",
        specification: "OpenID Connect Core 1.0 section 11")

    let parameters: [ParameterDeclaration] = []
    let line = "asks about offline access"

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(later: self)
        registry.add(tokenFilter: self)
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy, _ rows: inout [ConsentRow]) throws {
        guard policy.limits.scope.contains("offline_access") else { return policy.limits.forbidRefresh() }
        rows.append(ConsentRow(name: "offline", text: "offline_row", isOptional: true))
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        guard authorization.declined.contains("offline") else { return }
        limits.forbidRefresh()
        limits.keep { $0 != "offline_access" }
    }
}
