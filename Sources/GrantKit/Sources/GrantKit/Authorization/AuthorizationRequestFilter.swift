// SPDX-License-Identifier: Apache-2.0

/// Narrows or refuses an authorization request before the user is asked to sign in.
///
/// It runs again at each step of the interaction. So it must not count requests, and must decide the same for the same
/// request. Only what changes by itself, such as the time or the browser's address, may change its decision.
public protocol AuthorizationRequestFilter: Sendable {
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Narrows what is granted, and sets the requirements of sign-in and consent.
    ///
    /// Limits that allow more than before are a `server_error`.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - policy: The requirements and limits so far.
    /// - Throws: `OAuthError` to refuse, which is sent to the client's redirect URI.
    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws
}

extension AuthorizationRequestFilter {
    /// No parameters.
    public var parameters: [ParameterDeclaration] { [] }
}
