// SPDX-License-Identifier: Apache-2.0

/// Tells something about people.
public protocol ClaimsSource: Sendable {
    /// The names of all claims that it may give; any others that it gives are dropped.
    var claims: [String] { get }
    /// The claims of one authorization.
    ///
    /// - Parameters:
    ///   - user: The person.
    ///   - authorization: What was granted.
    ///   - scope: What this answer may carry of it.
    ///   - destination: Where the claims are going.
    /// - Returns: The claims, none of them twice.
    /// - Throws: Any error; the answer is then refused.
    func claims(
        about user: User, for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member]
}
