// SPDX-License-Identifier: Apache-2.0

/// The rules that a token of another party must follow.
///
/// Every known claim must have the type of RFC 7519, also if no rule is about it. Without an issuer, a subject or an
/// audience, the caller has to check it.
public struct JWTRules: Sendable {
    /// The values of `typ` that are accepted, without case and `application/` (RFC 7515 section 4.1.9).
    public var types: [String]
    /// Whether the token may have no `typ`.
    public var isTypeOptional = false
    /// The values of `alg` that are accepted; nil for every asymmetric algorithm that the server knows.
    public var algorithms: [String]?
    /// The issuer.
    public var issuer: String?
    /// The subject.
    public var subject: String?
    /// The audiences of which the token must name one; empty for any.
    public var audience: [String]
    /// Whether the token may name no other audience.
    public var isAudienceAlone = true
    /// The claims that must be present, and not null or empty.
    public var required = ["exp"]
    /// The longest time from now to `exp`; nil for any.
    public var longestLife: Duration?
    /// How much later `nbf`, `iat` and the latest `exp` may be, because the clocks of two machines differ.
    public var leeway = Duration.seconds(30)
    /// Whether the token is accepted only once, by its `jti`, on all servers that share a store.
    ///
    /// The token must then have a `jti` and an `exp`. Without `longestLife`, it may be valid for at most a day.
    public var isSingleUse = false
    /// Whether the caller uses up such a token, by committing `VerifiedJWT.writes`; otherwise `verify` does.
    ///
    /// A grant returns the writes with its authorization, so a token for which nothing is issued is not used up.
    public var isUsedByCaller = false

    /// Makes rules.
    ///
    /// - Parameters:
    ///   - types: The values of `typ` that are accepted.
    ///   - issuer: The issuer.
    ///   - audience: The audiences of which the token must name one.
    public init(types: [String], issuer: String? = nil, audience: [String] = []) {
        self.types = types
        self.issuer = issuer
        self.audience = audience
    }
}
