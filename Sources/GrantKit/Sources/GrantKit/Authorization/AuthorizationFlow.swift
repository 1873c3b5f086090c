// SPDX-License-Identifier: Apache-2.0

/// Serves one word of `response_type` (RFC 6749 section 3.1.1).
///
/// The core has validated client, redirect URI and response mode, and has asked the person; the flow adds its members
/// to the answer. It must not write to the store itself.
public protocol AuthorizationFlow: Sendable {
    /// The word of `response_type`.
    var word: String { get }
    /// The grant whose client attributes govern what comes of it; the redirect URIs are registered under its key.
    var grant: GrantDeclaration { get }
    /// The words beside which it may stand; one of the two has to name the other.
    var combinesWith: Set<String> { get }
    /// How far its members may travel.
    var delivery: Delivery { get }
    /// Whether the core adds an access token to the answer.
    var issuesAccessToken: Bool { get }
    /// Whether it is served only where another plugin has a flow of the same grant.
    var isCompanion: Bool { get }
    /// When its members are made.
    var stage: Stage { get }
    /// The parameters that it reads of an authorization request.
    var parameters: [ParameterDeclaration] { get }
    /// Refuses a request before anybody is asked to sign in.
    ///
    /// - Throws: `OAuthError`, which is sent to the client's redirect URI; any other error is answered on a page.
    func validate(_ request: AuthorizationRequest) async throws
    /// Adds its members to the answer, once the person has approved.
    ///
    /// - Throws: `OAuthError` to refuse, which is sent to the client's redirect URI; any other error is answered as
    ///   `server_error` on a page.
    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws
}

extension AuthorizationFlow {
    /// None.
    public var combinesWith: Set<String> { [] }
    /// It does not.
    public var issuesAccessToken: Bool { false }
    /// It stands for itself.
    public var isCompanion: Bool { false }
    /// With what is good by itself.
    public var stage: Stage { .credential }
    /// None beyond what the core reads.
    public var parameters: [ParameterDeclaration] { [] }
    /// Takes every request.
    public func validate(_ request: AuthorizationRequest) async throws {}
}
