// SPDX-License-Identifier: Apache-2.0

/// Narrows an authorization request, or refuses it, before anybody is asked to sign in.
///
/// It runs again at every step of the interaction, so it must not count requests, and must give the same answer for the
/// same request; only what changes by itself, such as the time or the browser's address, may change the answer.
public protocol AuthorizationRequestFilter: Sendable {
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Narrows what is granted, and says what signing in and consenting have to reach.
    ///
    /// Limits that allow more than before are a `server_error`.
    ///
    /// - Throws: `OAuthError` to refuse, which is sent to the client's redirect URI.
    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws
}

extension AuthorizationRequestFilter {
    /// None.
    public var parameters: [ParameterDeclaration] { [] }
}
