// SPDX-License-Identifier: Apache-2.0

/// The limits of what is granted.
///
/// They can only become narrower, so the order in which plugins narrow them cannot matter.
public struct AccessLimits: Sendable, Hashable {
    /// The scope.
    public private(set) var scope: Scope
    /// The resources that a token is for, each once; empty means all that the client may have.
    public private(set) var audience: [String]
    /// The time at which the access ends at the latest.
    public private(set) var notAfter: Timestamp?
    /// Whether a refresh token may be issued.
    public private(set) var mayRefresh: Bool

    /// Makes limits.
    public init(scope: Scope, audience: [String] = [], notAfter: Timestamp? = nil, mayRefresh: Bool = true) {
        self.scope = scope
        self.audience = AccessLimits.unique(audience)
        self.notAfter = notAfter
        self.mayRefresh = mayRefresh
    }

    /// Audiences without those that are repeated, as a request or a list can have them.
    private static func unique(_ audience: [String]) -> [String] {
        guard audience.count > 1 else { return audience }
        var unique: [String] = []
        for name in audience where !unique.contains(name) { unique.append(name) }
        return unique
    }

    /// Keeps only the scope values that meet a condition.
    ///
    /// - Parameter isKept: Whether a scope value is kept.
    public mutating func keep(scope isKept: (String) -> Bool) {
        scope = scope.filter(isKept)
    }

    /// Keeps only the audiences that are named.
    ///
    /// An empty audience becomes the named ones.
    ///
    /// - Parameter named: The audiences to keep; an empty list keeps all.
    /// - Throws: `OAuthError` `invalid_target` if none would be left, since an empty audience means all.
    public mutating func keep(audience named: [String]) throws {
        guard !named.isEmpty else { return }
        let kept = audience.isEmpty ? AccessLimits.unique(named) : audience.filter(named.contains)
        guard !kept.isEmpty else { throw OAuthError(.invalidTarget, "the audience exceeds what was granted") }
        audience = kept
    }

    /// Ends the access at a time, unless it ends earlier.
    public mutating func end(by moment: Timestamp) {
        notAfter = notAfter.map { min($0, moment) } ?? moment
    }

    /// Forbids a refresh token.
    public mutating func forbidRefresh() {
        mayRefresh = false
    }
}
