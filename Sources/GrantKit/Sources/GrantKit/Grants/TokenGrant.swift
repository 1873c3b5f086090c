// SPDX-License-Identifier: Apache-2.0

/// Decides who is granted what, for one `grant_type` (RFC 6749 section 4).
///
/// It must not mint a token, write a response, authenticate the client or consume anything by itself: what it redeems
/// goes into `Authorization.writes`, which the core commits together with what is issued. It may be called again for
/// the same request when that commit meets a conflict.
public protocol TokenGrant: Sendable {
    /// The names of the grant.
    var declaration: GrantDeclaration { get }
    /// The parameters that it reads beyond `scope` and `audience`.
    var parameters: [ParameterDeclaration] { get }
    /// Decides.
    ///
    /// - Throws: `OAuthError` to refuse; a `StoreError` is answered as
    ///   `temporarily_unavailable`, any other error as `server_error`; both are logged.
    func authorize(_ request: TokenRequest) async throws -> Authorization
}

extension TokenGrant {
    /// None beyond what the core reads.
    public var parameters: [ParameterDeclaration] { [] }
}
