// SPDX-License-Identifier: Apache-2.0

/// Gives claims about users and clients.
public protocol ClaimsSource: Sendable {
    /// The names of all claims that it may give. Any others that it gives are dropped.
    var claims: [String] { get }

    /// The destinations that it gives claims for. It is not called for any other.
    var destinations: Set<ClaimsDestination> { get }

    /// Gives the claims for one response or token.
    ///
    /// - Returns: The claims, each at most once.
    /// - Throws: Any error. The request is then refused, so a source that can do without an answer returns no claims.
    func claims(for request: ClaimsRequest) async throws -> [JSON.Member]
}

extension ClaimsSource {
    /// ID tokens and userinfo.
    public var destinations: Set<ClaimsDestination> { [.identityToken, .userinfo] }
}
