// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support

/// Grants access to the user that the request names, in place of a sign-in.
private struct VisitGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "visit", summary: "", specification: "")

    let declaration = GrantDeclaration("visit", client: .confidential)
    let parameters = [
        ParameterDeclaration("person"), ParameterDeclaration("session"), ParameterDeclaration("key"),
        ParameterDeclaration("may_act"), ParameterDeclaration("act"), ParameterDeclaration("tenant"),
    ]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(grant: self) }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let parameters = request.parameters
        let subject = parameters["person"].map(Subject.user) ?? .client(request.client.id)
        var authorization = Authorization(subject: subject, limits: request.allowed)
        authorization.sessionID = parameters["session"]
        authorization.confirmation = parameters["key"].map { Confirmation("jkt", $0, tokenType: "DPoP") }
        authorization.mayAct = parameters["may_act"].flatMap { try? JSON(parsing: $0) }
        authorization.actor = parameters["act"].flatMap { try? JSON(parsing: $0) }
        if let tenant = parameters["tenant"] { authorization.claims["tenant"] = .string(tenant) }
        return authorization
    }
}

/// A server whose clients exchange tokens.
enum ExchangeServer {
    static let grant = "urn:ietf:params:oauth:grant-type:token-exchange"
    static let orders = "https://orders.example.com"
    static let billing = "https://billing.example.com"
    static let other = "https://as.example.com"

    /// The rules of 'web', to which tokens are issued.
    static let webRules: JSON = [
        ["subject": ["access_token", "refresh_token"], "audience": "api", "to": ["api", .string(orders)]],
        ["subject": "id_token", "audience": "web", "to": .string(billing), "scope": "read"],
        [
            "subject": ["id_token", "refresh_token"], "audience": ["web", "api"], "to": .string(other),
            "issue": "id-jag",
        ],
    ]

    /// The rules of 'api', for which they are.
    static let apiRules: JSON = [
        [
            "subject": "access_token", "audience": "api", "to": [.string(orders), .string(billing)],
            "actor": ["access_token", "id_token"],
        ]
    ]

    /// A client that may exchange tokens by rules.
    static func client(_ id: String, _ rules: JSON?, _ changes: JSON = [:], format: String = "opaque") -> JSON {
        var exchange: JSON = ["access_token_expiration": 300, "token_format": .string(format)]
        exchange["exchanges"] = rules
        let client: JSON = [
            "id": .string(id), "secret": .string(secret(id)),
            "grant_types": ["visit", "refresh_token", "token_exchange"],
            "scope": ["openid", "offline_access", "read", "write", "admin"],
            "auth": [
                "visit": [
                    "refresh_token": true, "audience": ["api", .string(orders)], "token_format": .string(format),
                    "access_token_expiration": 600, "refresh_token_expiration": 600,
                ],
                "token_exchange": exchange,
            ],
        ]
        return client.changed(by: changes)
    }

    static func secret(_ id: String) -> String { "a secret of \(id)" }

    static let ann: JSON = ["id": "ann", "email": "ann@example.com"]

    static func plugins(
        _ settings: JSON = ["assertion_audiences": ["https://as.example.com"]], besides more: [PluginSetup] = []
    ) -> [PluginSetup] {
        let all = Plugins.all.map { setup in
            guard setup.type.manifest.id == "openid" else { return setup }
            return PluginSetup(
                setup.type,
                ["algorithms": ["ES256"], "exchangeable_id_tokens": true, "id_token_lifetime": "600s"])
        }
        return all + [PluginSetup(VisitGrant.self), PluginSetup(Plugins.tokenExchange, settings)] + more
    }

    static func make(_ clients: [JSON]? = nil, format: String = "opaque") async throws -> TestServer {
        try await TestServer(plugins(), clients: clients ?? usual(format), users: [ann], format: format)
    }

    /// The usual clients, whose tokens have a format.
    static func usual(_ format: String = "opaque") -> [JSON] {
        [
            client("web", webRules, format: format), client("api", apiRules, format: format),
            client("stranger", apiRules, format: format),
        ]
    }
}

extension TestServer {
    /// Tokens for ann, or for a client that acts for itself.
    func visit(
        _ more: [(String, String)] = [("person", "ann")], as client: String = "web", audience: String? = "api",
        scope: String = "openid read write"
    ) async -> Answer {
        let audience = audience.map { [("audience", $0)] } ?? []
        return await post(
            "/auth/token", [("grant_type", "visit"), ("scope", scope)] + audience + more,
            as: (client, ExchangeServer.secret(client)))
    }

    func exchange(
        _ subject: String?, _ type: String = "access_token", _ more: [(String, String)] = [],
        as client: String = "web"
    ) async -> Answer {
        await post(
            "/auth/token",
            [
                ("grant_type", ExchangeServer.grant), ("subject_token", subject ?? ""),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:\(type)"),
            ] + more, as: (client, ExchangeServer.secret(client)))
    }

    /// What this server says about a token of a client.
    func told(_ token: String?, by client: String = "web") async -> JSON {
        await introspect(token ?? "", as: client, ExchangeServer.secret(client)).json
    }
}

extension Answer {
    /// Whether it is the refusal of a subject token, which is the same for every reason.
    var refusesSubject: Bool {
        status == 400 && error == "invalid_request" && self["error_description"] == "the subject token is not accepted"
    }
}
