// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Finds out which client sent a request and whether it proved so (RFC 6749 section 2.3).
struct ClientAuthentication {
    /// What a request says of its client.
    struct Credentials {
        var id: String
        var secret: Secret?
        /// The secret as the header held it, where decoding made another one of it.
        var undecoded: Secret?
        /// What the log says of an id that decoding made another one of.
        var note: String { undecoded == nil ? "" : "; the Basic header was form-decoded (RFC 6749 section 2.3.1)" }
    }

    let core: ServerCore
    let generation: Generation
    let digest: @Sendable (Secret) -> Secret
    let base64: @Sendable (String) -> [UInt8]?

    func authenticate(
        _ head: RequestHead, _ parameters: Parameters, as requirement: ClientRequirement
    ) async throws -> RegisteredClient {
        let credentials = try credentials(head, parameters)
        let clients = Clients(core, generation)
        // Whatever need not wait is not awaited: that costs as much as a digest.
        var found = clients.declared(credentials.id)
        if found == nil { found = try await clients.registered(credentials.id) }
        guard let registered = found else {
            // An unknown client costs a digest, as a client whose secret is known by a digest does.
            _ = credentials.secret.map(digest)
            throw refusal(reason: "no client has this id\(credentials.note)")
        }
        if !registered.client.isPublic {
            guard let secret = credentials.secret else {
                throw refusal(reason: "client '\(credentials.id)' sent no secret")
            }
            let live = registered.secrets.filter { $0.until.map { $0 > core.now } ?? true }
            var isRight = isDigested(secret, in: live)
            if !isRight { isRight = try await isHashed(secret, in: live, head.address) }
            guard isRight else { throw wrongSecret(credentials, live) }
        } else if credentials.secret != nil {
            throw refusal(reason: "client '\(credentials.id)' has no secret and sent one")
        } else if requirement == .confidential {
            throw OAuthError(.unauthorizedClient, "this needs a client that authenticates")
        }
        return registered
    }

    /// Says in the log why a secret is wrong.
    ///
    /// A client that does not form-encode what it puts into a Basic header sends another secret than it means. It is
    /// refused, since a secret has one spelling; only who knows the secret can bring about that the log says so.
    private func wrongSecret(_ credentials: Credentials, _ live: [ClientSecret]) -> OAuthError {
        let wrong = "client '\(credentials.id)' sent a wrong secret"
        guard let undecoded = credentials.undecoded else { return refusal(reason: wrong) }
        guard isDigested(undecoded, in: live) else { return refusal(reason: wrong + credentials.note) }
        return refusal(
            reason: "client '\(credentials.id)' sent its secret in the Basic header without form-encoding it, which "
                + "'+' and '%' need (RFC 6749 section 2.3.1); have it encode the secret, or use one of letters and digits"
        )
    }

    private func isDigested(_ secret: Secret, in live: [ClientSecret]) -> Bool {
        let digest = digest(secret)
        return live.contains { known in
            switch known.form {
            case .digest(let known): known == digest
            case .generated(let known): known == Secret(core.cryptography.digest(secret.exposed))
            case .slow: false
            }
        }
    }

    private func isHashed(_ secret: Secret, in live: [ClientSecret], _ address: String) async throws -> Bool {
        for known in live {
            if case .slow(let hash) = known.form, try await hash.matches(secret, from: address) { return true }
        }
        return false
    }

    // MARK: what the request says

    private func credentials(_ head: RequestHead, _ parameters: Parameters) throws -> Credentials {
        let header = head[header: "authorization"]
        guard header == nil || head.headers.count(where: { $0.name == "authorization" }) == 1 else {
            throw OAuthError(.invalidRequest, "the Authorization header stands twice")
        }
        let secret = parameters["client_secret"].map(Secret.init)
        guard let header else {
            guard let id = parameters["client_id"] else {
                throw OAuthError(
                    .invalidClient, "the request names no client", headers: ClientAuthentication.challenge)
            }
            return Credentials(id: id, secret: secret)
        }
        // RFC 6749 section 2.3: no more than one method in a request.
        guard secret == nil else { throw OAuthError(.invalidRequest, "the client authenticates in two ways at once") }
        let credentials = try basic(header)
        if let id = parameters["client_id"], id != credentials.id {
            throw OAuthError(.invalidRequest, "the request names two clients")
        }
        return credentials
    }

    private func basic(_ header: String) throws -> Credentials {
        guard let (scheme, credentials) = header.raw.cut(at: " "), scheme.isWord("Basic") else {
            throw OAuthError(
                .invalidClient, "the Authorization header must use the scheme Basic",
                headers: ClientAuthentication.challenge)
        }
        guard let bytes = base64(credentials.trimmed().string), let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else {
            throw malformed("it is not base64 of an id, a colon and a secret")
        }
        // Section 2.3.1: both halves are form-encoded before they are joined.
        guard let id = try? FormBody.decode(bytes[..<colon]), let secret = try? FormBody.decode(bytes[(colon + 1)...]),
            !id.isEmpty, secret.utf8.count <= Limit.secret
        else { throw malformed("its id or secret is not form-encoded UTF-8") }
        let isDecoded = [UInt8(ascii: "+"), UInt8(ascii: "%")].contains(where: bytes.contains)
        return Credentials(
            id: id, secret: secret.isEmpty ? nil : Secret(secret),
            undecoded: isDecoded ? Secret(String(decoding: bytes[(colon + 1)...], as: UTF8.self)) : nil)
    }

    /// RFC 9110 section 15.5.2: a 401 always says how to authenticate.
    private static let challenge = ["WWW-Authenticate": "Basic realm=\"grantor\", charset=\"UTF-8\""]

    private func malformed(_ why: String) -> OAuthError {
        OAuthError(
            .invalidClient, "the Basic credentials are malformed: \(why)", headers: ClientAuthentication.challenge)
    }

    /// Unknown client and wrong secret look alike from outside (RFC 6749 section 5.2).
    private func refusal(reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "client authentication failed", reason: reason, headers: ClientAuthentication.challenge)
    }
}
