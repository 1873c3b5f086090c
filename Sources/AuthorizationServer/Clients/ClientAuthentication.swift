// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Identifies the client of a request, and checks its secret or has an authenticator check it (RFC 6749 section 2.3).
struct ClientAuthentication {
    /// The client's id and secret in a request.
    struct Credentials {
        var id: String
        var secret: Secret?
        /// The secret as it was in the header; nil if form-decoding did not change it.
        var undecoded: Secret?
        /// Whether the id was in the header.
        var isInHeader = false
        /// The method that the request uses.
        var method: String {
            if secret == nil { return ClientMethod.none }
            return isInHeader ? ClientMethod.basic : ClientMethod.post
        }
        /// A note for the log if form-decoding changed the credentials.
        var note: String { undecoded == nil ? "" : "; the Basic header was form-decoded (RFC 6749 section 2.3.1)" }
    }

    let core: ServerCore
    let generation: Generation
    let digest: @Sendable (Secret) -> Secret
    let base64: @Sendable (String) -> [UInt8]?

    func authenticate(
        _ head: RequestHead, _ parameters: Parameters, as requirement: ClientRequirement
    ) async throws -> RegisteredClient {
        let authenticators = generation.capabilities.authenticators
        if !authenticators.isEmpty, let claimed = try await claimed(head, parameters, authenticators) {
            return try await prove(claimed)
        }
        let credentials = try credentials(head, parameters)
        let clients = Clients(core, generation)
        // Declared clients are looked up without 'await', which would cost as much as a digest.
        var found = clients.declared(credentials.id)
        if found == nil { found = try await clients.registered(credentials.id) }
        guard let registered = found else {
            // Computes a digest for an unknown client too, so that it takes as long as a known one.
            _ = credentials.secret.map(digest)
            throw refusal(reason: "no client has this id\(credentials.note)")
        }
        if try isProven(credentials, by: registered, as: requirement) { return registered }
        guard try await isHashed(credentials, of: registered, head.address) else {
            throw wrongSecret(credentials, live(registered))
        }
        return registered
    }

    /// Checks all that needs no slow hash.
    ///
    /// It is not inlined, since the frame of the asynchronous caller is allocated for each request, with room for all
    /// that the caller calls inline.
    ///
    /// - Returns: Whether the client is proven; otherwise, its secret may still be one that is kept as a slow hash.
    @inline(never)
    private func isProven(
        _ credentials: Credentials, by registered: RegisteredClient, as requirement: ClientRequirement
    ) throws -> Bool {
        guard registered.client.isPublic else {
            guard let secret = credentials.secret else {
                throw refusal(reason: "client '\(credentials.id)' sent no secret, assertion or certificate")
            }
            try check(credentials.method, of: registered)
            return isDigested(secret, in: live(registered))
        }
        guard credentials.secret == nil else {
            throw refusal(reason: "client '\(credentials.id)' sent a secret, but has none")
        }
        guard requirement != .confidential else {
            throw OAuthError(.unauthorizedClient, "only a client that authenticates may do this")
        }
        return true
    }

    // MARK: authenticators

    private func claimed(
        _ head: RequestHead, _ parameters: Parameters, _ authenticators: [Owned<any ClientAuthenticator>]
    ) async throws -> ClaimedClient? {
        do {
            return try await ClaimedClient.find(head, parameters, among: authenticators)
        } catch let error as OAuthError {
            throw challenging(error)
        }
    }

    private func prove(_ claimed: ClaimedClient) async throws -> RegisteredClient {
        let id = claimed.claim.clientID
        guard let registered = try await Clients(core, generation).registered(id) else {
            throw refusal(reason: "no client has the id in the claim")
        }
        try check(claimed.claim.method, of: registered)
        do {
            try await claimed.prove(registered.client)
        } catch let error as OAuthError {
            throw challenging(error)
        }
        return registered
    }

    /// Refuses a client that uses another method than it has registered.
    private func check(_ method: String, of registered: RegisteredClient) throws {
        guard !registered.methods.contains(method) else { return }
        let allowed = registered.methods.joined(separator: " or ")
        throw refusal(
            reason: "client '\(registered.client.id)' used the method '\(method)', but may only use \(allowed)")
    }

    /// The refusal of an authenticator, with the header field that a 401 response must have.
    private func challenging(_ error: OAuthError) -> OAuthError {
        var error = error
        if error.code == .invalidClient, error.headers.isEmpty { error.headers = ClientAuthentication.challenge }
        return error
    }

    // MARK: secrets

    /// Refuses a wrong secret, with the cause for the log.
    ///
    /// A client that does not form-encode its Basic header sends another secret than it means to. It is refused,
    /// because a secret has one spelling. Only someone who knows the secret can make the log name that cause.
    private func wrongSecret(_ credentials: Credentials, _ live: [ClientSecret]) -> OAuthError {
        let wrong = "client '\(credentials.id)' sent a wrong secret"
        guard let undecoded = credentials.undecoded else { return refusal(reason: wrong) }
        guard isDigested(undecoded, in: live) else { return refusal(reason: wrong + credentials.note) }
        return refusal(
            reason: "client '\(credentials.id)' sent its secret in the Basic header without form-encoding it, as "
                + "'+' and '%' require (RFC 6749 section 2.3.1); encode it, or choose one of letters and digits"
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

    /// The secrets of a client that have not expired.
    private func live(_ registered: RegisteredClient) -> [ClientSecret] {
        registered.secrets.filter { $0.until.map { $0 > core.now } ?? true }
    }

    private func isHashed(
        _ credentials: Credentials, of registered: RegisteredClient, _ address: String
    ) async throws -> Bool {
        guard let secret = credentials.secret else { return false }
        for known in live(registered) {
            if case .slow(let hash) = known.form, try await hash.matches(secret, from: address) { return true }
        }
        return false
    }

    // MARK: reading credentials

    private func credentials(_ head: RequestHead, _ parameters: Parameters) throws -> Credentials {
        let header = head[header: "authorization"]
        guard header == nil || head.headers.count(where: { $0.name == "authorization" }) == 1 else {
            throw OAuthError(.invalidRequest, "the Authorization header is repeated")
        }
        let secret = parameters["client_secret"].map(Secret.init)
        guard let header else {
            guard let id = parameters["client_id"] else {
                throw OAuthError(
                    .invalidClient, "the request names no client", headers: ClientAuthentication.challenge)
            }
            return Credentials(id: id, secret: secret)
        }
        // RFC 6749 section 2.3: at most one method in a request.
        guard secret == nil else { throw OAuthError(.invalidRequest, "the client uses two authentication methods") }
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
            throw malformed("they are not the base64 of an id, a colon and a secret")
        }
        // Section 2.3.1: id and secret are form-encoded before they are joined.
        guard let id = try? FormBody.decode(bytes[..<colon]), let secret = try? FormBody.decode(bytes[(colon + 1)...]),
            !id.isEmpty, secret.utf8.count <= Limit.secret
        else { throw malformed("the id or the secret is not form-encoded UTF-8") }
        let isDecoded = [UInt8(ascii: "+"), UInt8(ascii: "%")].contains(where: bytes.contains)
        return Credentials(
            id: id, secret: secret.isEmpty ? nil : Secret(secret),
            undecoded: isDecoded ? Secret(String(decoding: bytes[(colon + 1)...], as: UTF8.self)) : nil,
            isInHeader: true)
    }

    /// RFC 9110 section 15.5.2: a 401 response says how to authenticate.
    private static let challenge = ["WWW-Authenticate": "Basic realm=\"grantor\", charset=\"UTF-8\""]

    private func malformed(_ why: String) -> OAuthError {
        OAuthError(
            .invalidClient, "the Basic credentials are malformed: \(why)", headers: ClientAuthentication.challenge)
    }

    /// Refuses unknown clients and wrong secrets with the same response (RFC 6749 section 5.2).
    private func refusal(reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "client authentication failed", reason: reason, headers: ClientAuthentication.challenge)
    }
}
