// SPDX-License-Identifier: Apache-2.0

/// A source of claims about users and clients.
public protocol ClaimsSource: Sendable {
    /// The names of all claims that it may return.
    ///
    /// The core drops any others.
    var claims: [String] { get }

    /// The destinations for which it is called.
    var destinations: Set<ClaimsDestination> { get }

    /// Returns the claims for one response or token.
    ///
    /// - Parameter request: The request.
    /// - Returns: The claims, each at most once.
    /// - Throws: Any error, after which the client's request is refused. If the claims are optional, return none
    ///   instead.
    func claims(for request: ClaimsRequest) async throws -> [JSON.Member]
}

extension ClaimsSource {
    /// ID tokens and userinfo.
    public var destinations: Set<ClaimsDestination> { [.identityToken, .userinfo] }
}
