// SPDX-License-Identifier: Apache-2.0

/// Refuses requests to the token endpoint or narrows their responses, for every grant.
///
/// Every loaded filter is called, in the order of the configuration, so no filter can allow what another one refuses.
/// Filters are not called for tokens that the authorization endpoint issues; add an `AuthorizationRequestFilter` for
/// those. A type that is both must declare `parameters` itself, because each protocol has a default for it.
public protocol TokenRequestFilter: Sendable {
    /// The parameters that it reads.
    ///
    /// Every grant accepts them, and requires those that are required. If the grant or an earlier filter declares a
    /// parameter with the same name, that declaration decides its length and whether it may be repeated.
    var parameters: [ParameterDeclaration] { get }

    /// Refuses a request before the grant decides.
    ///
    /// The client has been identified and may use the grant. The core calls it once for each request.
    ///
    /// - Parameter request: The request.
    /// - Throws: `OAuthError` to refuse, such as `tooManyRequests`. Nothing has been redeemed then.
    func admit(_ request: TokenRequest) async throws

    /// Narrows a response after the grant has decided, and before anything is issued or redeemed.
    ///
    /// The core calls it again if the grant has to decide again because another request changed what it had read.
    ///
    /// - Parameters:
    ///   - limits: The limits of this response. Limits that allow more than before are a `server_error`.
    ///   - authorization: All that was granted. A refresh token keeps all of it.
    ///   - request: The request.
    /// - Throws: `OAuthError` to refuse. Nothing has been redeemed then.
    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws
}

extension TokenRequestFilter {
    /// No parameters.
    public var parameters: [ParameterDeclaration] { [] }

    /// Admits every request.
    public func admit(_ request: TokenRequest) async throws {}

    /// Leaves every response as it is.
    public func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {}
}
