// SPDX-License-Identifier: Apache-2.0

/// Decides what is granted to a client for one `grant_type` (RFC 6749 section 4).
///
/// The core identifies the client, issues the token and writes the response. The grant only decides. It must not redeem
/// anything itself: it returns the redemption in `Authorization.writes`, and the core commits it together with what is
/// issued. If that commit has a conflict, the core may call the grant again for the same request.
public protocol TokenGrant: Sendable {
    /// The names of the grant.
    var declaration: GrantDeclaration { get }
    /// The parameters that it reads beyond `scope` and `audience`.
    var parameters: [ParameterDeclaration] { get }
    /// Decides what is granted.
    ///
    /// - Parameter request: The request.
    /// - Returns: What is granted.
    /// - Throws: `OAuthError` to refuse. A `StoreError` becomes `temporarily_unavailable`, any other error
    ///   `server_error`; both are logged.
    func authorize(_ request: TokenRequest) async throws -> Authorization
}

extension TokenGrant {
    /// No parameters beyond those that the core reads.
    public var parameters: [ParameterDeclaration] { [] }
}
