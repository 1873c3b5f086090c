// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The standard claims (OpenID Connect Core section 5.1), from a user's document.
///
/// They come from `data` under their own names, or else from the attributes of the document itself.
struct StandardClaims: ClaimsSource {
    let isInToken: Bool

    /// The claims of each scope value (section 5.4).
    static let scopes: [(word: String, claims: [String])] = [
        (
            "profile",
            [
                "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
                "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
            ]
        ),
        ("email", ["email", "email_verified"]), ("address", ["address"]),
        ("phone", ["phone_number", "phone_number_verified"]),
    ]

    static let names = scopes.flatMap(\.claims)
    let claims = names

    /// The scope value that covers a claim; nil for a claim that is not a standard one.
    static func word(of name: String) -> String? {
        scopes.first { $0.claims.contains(name) }?.word
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        guard let user = request.user, request.scope.contains(OpenID.scope) else { return [] }
        let granted = StandardClaims.scopes.filter { request.scope.contains($0.word) }.flatMap(\.claims)
        let isTold = request.destination == .userinfo || isInToken
        // A claim requested by name is returned if it was allowed by its scope value or by its name (section 5.5),
        // since that is what the user was shown.
        return claims.compactMap { name in
            let isGranted = granted.contains(name)
            guard isGranted || RequestedClaims.allow(request.authorization, name),
                let value = StandardClaims.value(name, user.document)
            else { return nil }
            let isAsked = RequestedClaims.ask(
                request.authorization, for: name, being: value, to: request.destination)
            return isGranted && isTold || isAsked ? JSON.Member(name, value) : nil
        }
    }

    private static func value(_ name: String, _ document: JSON) -> JSON? {
        let value = document["data"]?[name] ?? other(name, document)
        guard let value, value != .null, isOfKind(name, value) else { return nil }
        return value
    }

    /// The attribute of a document that has the meaning of a claim.
    private static func other(_ name: String, _ document: JSON) -> JSON? {
        let parts = document["name"]
        switch name {
        case "name": return parts?.string.map(JSON.string) ?? parts?["formatted"] ?? joined(parts)
        case "given_name": return parts?["givenName"]
        case "family_name": return parts?["familyName"]
        case "middle_name": return parts?["middleName"]
        case "preferred_username": return document["userName"]
        case "nickname": return document["nickName"]
        case "profile": return document["profileUrl"]
        case "picture": return document["photo"]
        case "zoneinfo": return document["timezone"]
        case "phone_number": return document["phoneNumber"]
        default: return document[name]
        }
    }

    private static func joined(_ parts: JSON?) -> JSON? {
        let words = ["givenName", "familyName"].compactMap { parts?[$0]?.string }
        return words.isEmpty ? nil : .string(words.joined(separator: " "))
    }

    /// Whether a value has the type that section 5.1 defines for a claim; a client may fail on any other.
    private static func isOfKind(_ name: String, _ value: JSON) -> Bool {
        switch name {
        case "email_verified", "phone_number_verified": value.bool != nil
        case "updated_at": value.integer != nil
        case "address": !value.members.isEmpty
        default: value.string != nil
        }
    }
}

/// The userinfo endpoint (OpenID Connect Core section 5.3).
struct UserInfo: Endpoint {
    let host: any PluginHost
    let route = Route(["GET", "POST"], "/userinfo", metadata: "userinfo_endpoint")
    let admission = Admission.bearer([OpenID.scope])

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let client = request.caller.client
        let authorization = RequestedClaims.narrowed(request.caller.token.authorization, to: client)
        guard case .user(let id) = authorization.subject else {
            throw OAuthError(.insufficientScope, "the access token does not speak for a user")
        }
        let about = try await host.access.claims(
            for: authorization, client: client, scope: authorization.scope, to: .userinfo)
        return EndpointResponse(.object([.init("sub", .string(id))] + about.filter { $0.name != "sub" }))
    }
}
