// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support

/// An issuer that the server of a test trusts.
struct TrustedParty {
    static let issuer = "https://idp.example.com"
    /// The subject of its tokens that are for a client.
    static let workload = "workload:1"
    /// The subject of its tokens that are about ann.
    static let person = "8f14e45f"

    let issuer: String
    let signer: Signer

    init(_ issuer: String = TrustedParty.issuer, algorithm: String = "ES256") throws {
        self.issuer = issuer
        signer = try Signer("key", algorithm: algorithm)
    }

    /// Its entry in the settings of the plugin.
    func entry(_ changes: JSON = [:]) -> JSON {
        let entry: JSON = [
            "issuer": .string(issuer), "keys": signer.keys, "clients": ["robot"], "scope": ["read", "write"],
            "subjects": [["subject": "workload:*", "as": "client"], ["as": "user"]],
        ]
        return entry.changed(by: changes)
    }

    /// Claims that are accepted for the client.
    func claims(at now: Timestamp, _ changes: JSON = [:]) -> JSON {
        let claims: JSON = [
            "iss": .string(issuer), "sub": .string(TrustedParty.workload), "aud": "https://id.example.com",
            "iat": .integer(now.seconds), "exp": .integer(now.seconds + 300),
        ]
        return claims.changed(by: changes)
    }

    /// A token with any claims and header.
    func token(_ claims: JSON, header: JSON = [:]) throws -> String {
        try signer.sign(signer.header.changed(by: ["typ": "JWT"]).changed(by: header), claims.bytes)
    }
}

extension TestServer {
    static let bearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    static let robotSecret = "a secret of the robot"

    /// The plugins, with trusted issuers.
    static func trusting(_ issuers: JSON...) -> [PluginSetup] {
        Plugins.all + [.init(Plugins.jwtBearer, ["issuers": .array(issuers)])]
    }

    static func robot(_ changes: JSON = [:]) -> JSON {
        let client: JSON = [
            "id": "robot", "secret": .string(robotSecret), "grant_types": ["jwt_bearer", "refresh_token"],
            "scope": ["read", "write", "admin"], "auth": ["jwt_bearer": ["refresh_token": true]],
        ]
        return client.changed(by: changes)
    }

    /// A user with an identity at the trusted issuer.
    static func person(_ changes: JSON = [:]) -> JSON {
        let user: JSON = [
            "id": "ann", "email": "ann@example.com",
            "identities": [["issuer": .string(TrustedParty.issuer), "subject": .string(TrustedParty.person)]],
        ]
        return user.changed(by: changes)
    }

    /// Sends a token of another issuer as a grant.
    func trade(
        _ assertion: String, _ more: [(String, String)] = [],
        as client: (id: String, secret: String)? = ("robot", TestServer.robotSecret)
    ) async -> Answer {
        await post(
            "/auth/token", [("grant_type", TestServer.bearerGrant), ("assertion", assertion)] + more, as: client)
    }

    /// Describes a token of the client.
    func introspectOwn(_ token: String) async -> Answer {
        await introspect(token, as: "robot", TestServer.robotSecret)
    }

    /// Whether an answer is the one refusal of this grant.
    static func isRefused(_ answer: Answer) -> Bool {
        answer.status == 400 && answer.error == "invalid_grant"
            && answer["error_description"] == "the grant is invalid, expired or revoked"
    }
}
