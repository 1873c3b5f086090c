// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The word `code` of `response_type` (RFC 6749 section 4.1.1).
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

    func validate(_ request: AuthorizationRequest) throws {
        let method = request.parameters["code_challenge_method"]
        guard let challenge = request.parameters["code_challenge"] else {
            guard method == nil else { throw OAuthError(.invalidRequest, "a code challenge method comes without one") }
            guard !request.client[isChallengeRequired], !request.client.isPublic else {
                throw OAuthError(.invalidRequest, "the parameter 'code_challenge' is missing")
            }
            return
        }
        // RFC 7636 section 4.3: without a method 'plain' is meant.
        guard method == CodeChallenge.method else {
            throw OAuthError(.invalidRequest, "the code challenge method must be \(CodeChallenge.method)")
        }
        guard CodeChallenge.isChallenge(challenge) else {
            throw OAuthError(.invalidRequest, "the code challenge is not the base64url of a SHA-256 digest")
        }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        let code = codes.host.random(bytes: 32)
        let end = issuance.issuedAt + lifetime
        var row: JSON = [
            "client": .string(issuance.client.id), "usable_until": .integer(end.seconds),
            "redirect_uri": .string(request.redirectURI), "authorization": issuance.authorization.stored,
        ]
        // RFC 6749 section 4.1.3: it has to be repeated only if it was sent.
        row["sent"] = request.parameters["redirect_uri"].map { _ in true }
        row["challenge"] = request.parameters["code_challenge"].map(JSON.string)
        issuance.alsoWrite(
            .create(StoreRecord(codes.key(of: code), row, expiresAt: end + AuthorizationCode.memory)))
        try issuance.add("code", .string(code))
    }
}
