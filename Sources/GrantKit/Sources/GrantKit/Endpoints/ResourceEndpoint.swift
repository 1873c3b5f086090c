// SPDX-License-Identifier: Apache-2.0

/// Serves whoever presents an access token (RFC 6750), where `Endpoint` serves who authenticates as a client.
///
/// A protocol of its own: neither token nor client is optional, so no endpoint checks again what the core has checked.
public protocol ResourceEndpoint: Sendable {
    /// Where it is served.
    var route: Route { get }
    /// The scope that the token has to carry.
    var scope: Scope { get }
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Whether bodies are JSON, so that all parameters stand in the query.
    var takesJSON: Bool { get }
    /// Answers.
    ///
    /// - Throws: `OAuthError` to refuse; a `StoreError` is answered as
    ///   `temporarily_unavailable`, any other error as `server_error`; both are logged.
    func respond(to request: ResourceRequest) async throws -> EndpointResponse
}

extension ResourceEndpoint {
    /// None.
    public var parameters: [ParameterDeclaration] { [] }
    /// They are forms.
    public var takesJSON: Bool { false }
}
