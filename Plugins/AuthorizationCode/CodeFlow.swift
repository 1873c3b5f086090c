// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response type `code` (RFC 6749 section 4.1.1).
struct CodeFlow: AuthorizationFlow {
    let codes: Codes
    let lifetime: Duration
    let isChallengeRequired: ClientAttribute<Bool>
    let word = "code"
    let grant = AuthorizationCode.declaration
    let delivery = Delivery.query
    let parameters = [
        ParameterDeclaration("code_challenge", longest: 128, example: .digest(of: "code_verifier")),
        ParameterDeclaration("code_challenge_method", longest: 16, example: .text(CodeChallenge.method)),
    ]

    func validate(_ request: AuthorizationRequest) async throws {
        let method = request.parameters["code_challenge_method"]
        guard let challenge = request.parameters["code_challenge"] else {
            guard method == nil else {
                throw OAuthError(.invalidRequest, "'code_challenge_method' is present but 'code_challenge' is missing")
            }
            guard !request.client[isChallengeRequired], !request.client.isPublic else {
                throw OAuthError(.invalidRequest, "the parameter 'code_challenge' is missing")
            }
            return
        }
        // Without a method, the client means 'plain' (RFC 7636 section 4.3).
        guard method == CodeChallenge.method else {
            throw OAuthError(.invalidRequest, "'code_challenge_method' must be '\(CodeChallenge.method)'")
        }
        guard CodeChallenge.isChallenge(challenge) else {
            throw OAuthError(.invalidRequest, "'code_challenge' must be a SHA-256 digest in base64url")
        }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        let code = codes.host.random(bytes: 32)
        let stored = StoredCode(
            clientID: issuance.client.id, redirectURI: request.redirectURI,
            isRedirectURISent: request.parameters["redirect_uri"] != nil,
            challenge: request.parameters["code_challenge"], usableUntil: issuance.issuedAt + lifetime,
            authorization: issuance.authorization)
        issuance.alsoWrite(.create(stored.record(codes.key(of: code))))
        try issuance.add("code", .string(code))
    }
}
