// SPDX-License-Identifier: Apache-2.0

/// Looks clients up and manages them.
public protocol ClientDirectory: Sendable {
    /// The active client of an identifier, or nil.
    ///
    /// - Throws: `StoreError`; `OAuthError` `unauthorized_client` for one in the store that is not valid with what is
    ///   loaded now.
    func find(_ id: String) async throws -> Client?

    /// The clients' documents.
    var documents: any DocumentDirectory { get }
}

/// A JWS whose signature was verified.
public struct VerifiedJWT: Sendable {
    /// The protected header.
    public var header: JSON
    /// The claims.
    public var claims: JSON

    /// Makes a verified JWT.
    public init(header: JSON, claims: JSON) {
        self.header = header
        self.claims = claims
    }
}

/// Uses the server's own keys; none of them leaves it.
public protocol KeyRing: Sendable {
    /// Signs claims as a compact JWS (RFC 7515 section 7.1).
    ///
    /// - Parameters:
    ///   - claims: The claims.
    ///   - type: The `typ` of the header.
    ///   - algorithm: The `alg`, which a plugin asked for when it registered, or nil for the server's first.
    /// - Returns: The token.
    /// - Throws: `ConfigurationError` if nothing asked for the algorithm.
    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String

    /// The claims of a compact JWS that this server signed, or nil if it is anything else.
    func verify(_ token: String, type: String) -> VerifiedJWT?

    /// An authentication code over a message, in the characters of base64url, under a key of its own for each purpose.
    ///
    /// It names the key that made it, so that codes outlive a change of keys.
    func authenticationCode(_ message: String, purpose: String) -> String

    /// Whether a code is one that this server made over a message for a purpose; compared in constant time.
    func isAuthentic(_ code: String, over message: String, purpose: String) -> Bool

    /// Seals a text, so that only this server can read it and any change to it shows (RFC 5116).
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - purpose: What it is sealed for; it opens for no other purpose.
    /// - Returns: The sealed text, in the characters of base64url and dots; it names its key, so that it outlives a
    ///   change of keys.
    /// - Throws: `StoreError` before `start`; what the cryptography throws.
    func seal(_ text: String, purpose: String) throws -> String

    /// The text that was sealed for a purpose, or nil if it is anything else.
    func open(_ sealed: String, purpose: String) -> String?

    /// The algorithms that can be asked for, the usual one first; known before `start`.
    var algorithms: [String] { get }
}

/// Cryptography that needs no key of the server.
public protocol CryptographyService: Sendable {
    /// The SHA-256 digest of a text, as base64url: how a secret stands in the store.
    func digest(_ text: String) -> String

    /// The left half of a text's digest, as `at_hash` and `c_hash` hold it (OpenID Connect Core section 3.1.3.6).
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - algorithm: The `alg` of the token that will hold it, which says which digest is meant.
    /// - Returns: The half, as base64url.
    func leftHalf(_ text: String, algorithm: String) -> String
}

/// What a revocation ends.
public enum Revocation: Sendable, Hashable {
    /// One token, by its id.
    case token(String)
    /// All that came of one approval, by its grant id; by the id of a consent, all that came of it.
    case grant(String)
    /// A session with all that was issued under it, by its id.
    case session(String)
}

/// Answers for tokens of every format that is loaded.
public protocol TokenService: Sendable {
    /// The token behind a value; nil if it is unknown, expired or revoked.
    ///
    /// - Throws: `StoreError` if that can't be known.
    func resolve(_ value: String) async throws -> ResolvedToken?

    /// Ends a token, a grant or a session with one write; seen by the next `resolve` and by every commit that races with
    /// it. What participants have to commit is part of that write.
    ///
    /// - Throws: `StoreError`.
    func revoke(_ what: Revocation, reason: String) async throws

    /// The condition that something was not revoked, to be committed with what rests on it.
    ///
    /// The core adds the conditions of the grant and the session itself.
    func unrevoked(_ what: Revocation) -> StoreWrite
}

/// What the server lends to plugins.
public protocol PluginHost: Sendable {
    /// The issuer identifier (RFC 8414 section 2).
    var issuer: String { get }
    /// The store; not before `start`.
    var store: any Store { get }
    /// The clients.
    var clients: any ClientDirectory { get }
    /// The people that can sign in; not before `start`.
    var users: any UserDirectory { get }
    /// The server's own keys; they sign nothing before `start`.
    var keys: any KeyRing { get }
    /// Cryptography that needs no key of the server.
    var cryptography: any CryptographyService { get }
    /// The tokens that this server issued.
    var tokens: any TokenService { get }
    /// What the core does around access.
    var access: any AccessService { get }
    /// The sessions of people.
    var sessions: any SessionDirectory { get }
    /// What people have allowed clients.
    var consents: any ConsentDirectory { get }
    /// Puts off what need not be done before an answer.
    var jobs: any JobService { get }
    /// Requests to other servers.
    var outbound: any OutboundHTTP { get }
    /// The public address of a route, which depends on a base path that only the server knows; not before `start`.
    func address(of route: Route) -> String
    /// Takes down what happens, for those who keep records of it.
    var events: any EventService { get }
    /// The current time.
    var now: Timestamp { get }
    /// Random bytes, as base64url.
    func random(bytes count: Int) -> String
}
