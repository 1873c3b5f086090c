// SPDX-License-Identifier: Apache-2.0

/// Serves one value of `response_type` (RFC 6749 section 3.1.1).
///
/// The core validates the client, the redirect URI and the response mode, and asks the user. The flow then adds its
/// members to the response. It must not write to the store itself.
public protocol AuthorizationFlow: Sendable {
    /// The value of `response_type`.
    var word: String { get }
    /// The grant whose client attributes apply to what the flow issues.
    ///
    /// Redirect URIs are registered under its key.
    var grant: GrantDeclaration { get }
    /// The other values that a request may combine it with.
    ///
    /// It is enough if one of the two flows names the other.
    var combinesWith: Set<String> { get }
    /// The part of the redirect that may contain its members.
    var delivery: Delivery { get }
    /// Whether the core adds an access token to the response.
    var issuesAccessToken: Bool { get }
    /// Whether it is served only beside a flow of the same grant that is no companion.
    var isCompanion: Bool { get }
    /// The stage at which its members are made.
    var stage: Stage { get }
    /// The parameters of an authorization request that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Refuses a request before the user is asked to sign in.
    ///
    /// - Parameter request: The request.
    /// - Throws: `OAuthError` to refuse, which is sent to the client's redirect URI; any other error is shown on a
    ///   page.
    func validate(_ request: AuthorizationRequest) async throws
    /// Adds its members to the response, once the user has allowed access.
    ///
    /// - Parameters:
    ///   - issuance: The response.
    ///   - request: The request.
    /// - Throws: `OAuthError` to refuse, which is sent to the client's redirect URI; any other error is shown on a
    ///   page, as `server_error`.
    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws
}

extension AuthorizationFlow {
    /// No other values.
    public var combinesWith: Set<String> { [] }
    /// No access token.
    public var issuesAccessToken: Bool { false }
    /// Served on its own.
    public var isCompanion: Bool { false }
    /// The stage of credentials.
    public var stage: Stage { .credential }
    /// No parameters beyond those that the core reads.
    public var parameters: [ParameterDeclaration] { [] }
    /// Accepts every request.
    public func validate(_ request: AuthorizationRequest) async throws {}
}
