// SPDX-License-Identifier: Apache-2.0

/// Serves a path of its own; parsing, caller authentication, limits and error rendering are the core's.
public protocol Endpoint: Sendable {
    /// Where it is served.
    var route: Route { get }
    /// Which clients may call it.
    var caller: ClientRequirement { get }
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Answers.
    ///
    /// - Throws: `OAuthError` to refuse; a `StoreError` is answered as
    ///   `temporarily_unavailable`, any other error as `server_error`; both are logged.
    func respond(to request: EndpointRequest) async throws -> EndpointResponse
}
