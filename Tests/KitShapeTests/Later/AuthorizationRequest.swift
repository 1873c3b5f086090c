// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A request to the authorization endpoint whose client and redirect URI are known good (RFC 6749 section 4.1.1).
struct AuthorizationRequest: Sendable {
    var client: Client
    var redirectURI: String
    /// The words of `response_type`.
    var words: Set<String>
    var parameters: Parameters
}

/// What an authorization request stood for: its parameters, and what its completion uses up.
struct ResolvedRequest: Sendable {
    var parameters: Parameters
    /// Committed with the answer and no earlier, so that a person may reload the sign-in page.
    var onCompletion: [StoreWrite] = []
}

/// Fetches or opens the real request behind a reference or an object.
protocol AuthorizationRequestResolver: Sendable {
    var parameters: [ParameterDeclaration] { get }
    /// The request that these parameters stand for, or nil if they are the request.
    func resolve(_ outer: Parameters, client: Client) async throws -> ResolvedRequest?
}

/// Narrows an authorization request, or refuses it, before anybody is asked to sign in.
protocol AuthorizationRequestFilter: Sendable {
    var parameters: [ParameterDeclaration] { get }
    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws
}

extension OAuthError.Code {
    /// The person or the server said no (RFC 6749 section 4.1.2.1).
    static let accessDenied = OAuthError.Code(rawValue: "access_denied")
}
