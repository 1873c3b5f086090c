// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Redeems a code (RFC 6749 section 4.1.3).
struct CodeGrant: TokenGrant {
    let codes: Codes
    let declaration = AuthorizationCode.declaration
    let parameters = [
        ParameterDeclaration("code", required: true, longest: 128, secret: true),
        ParameterDeclaration("redirect_uri"),
        ParameterDeclaration("code_verifier", longest: 1024, secret: true, example: .random),
    ]

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let key = codes.key(of: try request.parameters.required("code"))
        guard let record = try await codes.host.store.read(key) else {
            throw OAuthError.invalidGrant(reason: "the code was never issued or has been deleted")
        }
        let code = try StoredCode(record)
        guard code.clientID == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the code was issued to another client")
        }
        guard isExpected(request.parameters["redirect_uri"], for: code) else {
            throw OAuthError.invalidGrant(reason: "the redirect URI differs from that of the authorization request")
        }
        guard isVerified(code.challenge, by: request.parameters["code_verifier"]) else {
            throw OAuthError.invalidGrant(reason: "the code verifier does not match the challenge")
        }
        // A redeemed code continues to the commit, whose conflict tells the core about the replay.
        guard record.isRedeemed || code.usableUntil > codes.host.now else {
            throw OAuthError.invalidGrant(reason: "the code has expired")
        }
        var authorization = code.authorization
        authorization.writes = [.redeem(key)]
        return authorization
    }

    private func isExpected(_ sent: String?, for code: StoredCode) -> Bool {
        guard let sent else { return !code.isRedirectURISent }
        return sent == code.redirectURI
    }

    /// Whether the verifier matches the challenge; one without the other is refused (RFC 9700 section 2.1.1).
    private func isVerified(_ challenge: String?, by verifier: String?) -> Bool {
        switch (challenge, verifier) {
        case (nil, nil): true
        case (let challenge?, let verifier?):
            CodeChallenge.isVerifier(verifier)
                && Secret(codes.host.cryptography.digest(verifier)) == Secret(challenge)
        default: false
        }
    }
}
