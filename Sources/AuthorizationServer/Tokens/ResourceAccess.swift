// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Admits clients that present an access token (RFC 6750).
struct ResourceAccess {
    let core: ServerCore
    let generation: Generation
    let scope: Scope

    /// The form parameters that the core reads (RFC 6750 section 2.2).
    static let parameters = [ParameterDeclaration("access_token", longest: 8192, secret: true)]

    /// The token in a request, and the client that it was issued to.
    ///
    /// - Throws: `OAuthError` with the challenge of RFC 6750 section 3.
    func admit(_ head: RequestHead, _ form: Parameters) async throws -> (token: ResolvedToken, client: RegisteredClient)
    {
        let value = try presented(head, form)
        guard let (token, record) = try await core.tokenRegistry.live(value), token.kind == .access,
            let client = try await client(of: token, record)
        else { throw refusal(.invalidToken, "the access token is unknown, expired or revoked") }
        guard token.authorization.confirmation == nil else {
            throw refusal(
                .invalidToken, "the access token is bound to a key, and the request has no proof of possession")
        }
        // RFC 9068 section 4: another API that received a token must not be able to use it here.
        let audience = token.authorization.limits.audience
        guard audience.isEmpty || audience.contains(core.issuer) else {
            throw refusal(.invalidToken, "the access token is for another audience")
        }
        guard scope.words.allSatisfy(token.authorization.scope.contains) else {
            throw refusal(.insufficientScope, "the access token lacks the required scope")
        }
        return (token, client)
    }

    /// The client that a token was issued to, whose record is nil if the configuration declares it.
    private func client(of token: ResolvedToken, _ record: StoreRecord?) async throws -> RegisteredClient? {
        guard let record else { return generation.clients[token.clientID] }
        return try await Clients(core, generation).registered(record)
    }

    /// The token, sent in exactly one way; never in the query, which ends up in logs (RFC 9700 section 4.3.2).
    private func presented(_ head: RequestHead, _ form: Parameters) throws -> String {
        let headers = head.headers.filter { $0.name == "authorization" }.map(\.value)
        let field = form["access_token"]
        guard headers.count + (field == nil ? 0 : 1) <= 1 else {
            throw refusal(.invalidRequest, "the request has more than one access token")
        }
        if let field { return field }
        guard let header = headers.first else { throw refusal(nil, "the request has no access token") }
        guard let (scheme, token) = header.raw.cut(at: " "), scheme.isWord("Bearer") else {
            throw refusal(nil, "the Authorization header has no access token")
        }
        return token.trimmed().string
    }

    /// Makes a refusal; without a code, its challenge only says which scheme is needed (section 3.1).
    func refusal(_ code: OAuthError.Code?, _ description: String, reason: String? = nil) -> OAuthError {
        var challenge = "Bearer realm=\"grantor\""
        if let code { challenge += ", error=\"\(code.rawValue)\", error_description=\"\(description)\"" }
        if code == .insufficientScope { challenge += ", scope=\"\(scope)\"" }
        let headers = ["WWW-Authenticate": challenge]
        return OAuthError(code ?? .invalidToken, description, reason: reason, headers: headers)
    }

    /// The errors that carry a challenge, wherever they are thrown (section 3).
    static let challenged: Set<OAuthError.Code> = [.invalidToken, .insufficientScope]
}
