// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The requests and the grant that most tests use.
enum Fixture {
    static let client = TestHost.client
    static let redirectURI = "https://app.example.com/back"
    static let verifier = String(repeating: "v", count: 43)

    static var granted: Authorization {
        var authorization = Authorization(subject: .user("ann"), limits: AccessLimits(scope: ["openid", "read"]))
        authorization.authenticatedAt = Timestamp(seconds: 1_799_999_990)
        authorization.sessionID = "a-session"
        authorization.attachments[OpenID.manifest.id] = ["nonce": "n-1"]
        return authorization
    }

    static func authorizationRequest(_ more: [(String, String)] = []) -> AuthorizationRequest {
        let parameters = [("redirect_uri", redirectURI), ("scope", "openid read"), ("nonce", "n-1")] + more
        return AuthorizationRequest(
            client: client, redirectURI: redirectURI, words: ["code"], grants: [AuthorizationCode.declaration],
            parameters: Parameters(parameters.map { (name: $0.0, value: $0.1) }),
            head: RequestHead(method: "GET", path: "/tenant/auth/authorize"))
    }

    static func tokenRequest(_ grant: GrantDeclaration, _ parameters: Parameters) -> TokenRequest {
        TokenRequest(
            grant: grant, client: client, parameters: parameters,
            head: RequestHead(method: "POST", path: "/tenant/auth/token"), allowed: AccessLimits(scope: client.scope))
    }

    /// The parameters of an authorization request with a code challenge.
    static func challenge(_ verifier: String) -> [(String, String)] {
        [("code_challenge", TestCryptography().digest(verifier)), ("code_challenge_method", "S256")]
    }
}

extension WriteOutcome {
    /// The record that conflicted with a redemption, if that is why nothing was written.
    var found: StoreRecord? {
        if case .conflict(_, let found) = self { found } else { nil }
    }
}
