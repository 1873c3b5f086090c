// SPDX-License-Identifier: Apache-2.0

/// Refuses requests to the token endpoint, or narrows what they get, for every grant.
///
/// Every loaded filter is called, in the order of the configuration, so no filter can allow what another one refuses.
/// Filters are not called for tokens that the authorization endpoint issues itself; add an `AuthorizationRequestFilter`
/// for those. A type that is both has to declare `parameters`, because each protocol has a default for it.
public protocol TokenRequestFilter: Sendable {
    /// The parameters that it reads.
    ///
    /// Every grant accepts them, and requires those that are required. If the grant or an earlier filter declares one of
    /// the same name, that declaration says how long it may be and whether it may be repeated.
    var parameters: [ParameterDeclaration] { get }

    /// Refuses a request before its grant decides, when the client has authenticated and may use the grant.
    ///
    /// It is called once for each request.
    ///
    /// - Throws: `OAuthError` to refuse, such as `tooManyRequests`. Nothing has been redeemed then.
    func admit(_ request: TokenRequest) async throws

    /// Narrows a response after the grant has decided, before a token is issued and before anything is redeemed.
    ///
    /// It is called again if the grant has to decide again because another request has changed what it read.
    ///
    /// - Parameters:
    ///   - limits: What the response may contain. Limits that allow more than before are a `server_error`.
    ///   - authorization: What was granted in all; a refresh token keeps all of it.
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
