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
        guard let record = try await codes.host.store.read(key), let stored = record.value["authorization"] else {
            throw OAuthError.invalidGrant(reason: "the code was never issued, or is forgotten")
        }
        guard isSame(record.value["client"]?.string, request.client.id) else {
            throw OAuthError.invalidGrant(reason: "the code was issued to another client")
        }
        guard isExpected(request.parameters["redirect_uri"], record.value) else {
            throw OAuthError.invalidGrant(reason: "the code was sent to another redirect URI")
        }
        guard isVerified(record.value["challenge"]?.string, by: request.parameters["code_verifier"]) else {
            throw OAuthError.invalidGrant(reason: "the code verifier does not fit the challenge")
        }
        // A code that was redeemed goes on to the commit, whose conflict tells the core of the replay.
        let end = Timestamp(seconds: record.value["usable_until"]?.integer ?? 0)
        guard record.isRedeemed || end > codes.host.now else {
            throw OAuthError.invalidGrant(reason: "the code has expired")
        }
        var authorization = try Authorization(stored: stored)
        authorization.writes = [.redeem(key)]
        return authorization
    }

    /// Byte for byte: Swift's own comparison takes different bytes for one text.
    private func isSame(_ known: String?, _ sent: String) -> Bool {
        known?.utf8.elementsEqual(sent.utf8) ?? false
    }

    private func isExpected(_ sent: String?, _ row: JSON) -> Bool {
        guard let sent else { return row["sent"] != true }
        return isSame(row["redirect_uri"]?.string, sent)
    }

    /// RFC 9700 section 2.1.1: a verifier without a challenge is refused as a challenge without a verifier is.
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
