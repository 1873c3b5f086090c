// SPDX-License-Identifier: Apache-2.0

/// What may still be taken away from an access; it cannot be widened, so the order of those who narrow cannot matter.
public struct AccessLimits: Sendable, Hashable {
    /// The scope.
    public private(set) var scope: Scope
    /// The resources a token is for; empty means all that the client is for.
    public private(set) var audience: [String]
    /// When the access ends at the latest.
    public private(set) var notAfter: Timestamp?
    /// Whether a refresh token may be issued.
    public private(set) var mayRefresh: Bool

    /// Makes limits.
    public init(scope: Scope, audience: [String] = [], notAfter: Timestamp? = nil, mayRefresh: Bool = true) {
        self.scope = scope
        self.audience = audience
        self.notAfter = notAfter
        self.mayRefresh = mayRefresh
    }

    /// Drops the scope words for which the condition does not hold.
    public mutating func keep(scope isKept: (String) -> Bool) {
        scope = scope.filter(isKept)
    }

    /// Drops the audiences that are not named; the first to name any replaces "all that the client is for".
    ///
    /// - Throws: `OAuthError` `invalid_target` if nothing would be left, since nothing means all.
    public mutating func keep(audience named: [String]) throws {
        guard !named.isEmpty else { return }
        let kept = audience.isEmpty ? named : audience.filter(named.contains)
        guard !kept.isEmpty else { throw OAuthError(.invalidTarget, "the audience is more than what was granted") }
        audience = kept
    }

    /// Ends the access at a moment, if it does not end earlier.
    public mutating func end(by moment: Timestamp) {
        notAfter = notAfter.map { min($0, moment) } ?? moment
    }

    /// Rules a refresh token out.
    public mutating func forbidRefresh() {
        mayRefresh = false
    }
}
