// SPDX-License-Identifier: Apache-2.0

/// Serves a path to one kind of caller.
///
/// The core reads the request, checks its caller, applies limits and turns errors into responses. `Who` is the caller:
/// `Client`, `Bearer`, `UserSession` or, for all browsers, `UserSession?`.
public protocol Endpoint<Who>: Sendable {
    /// The caller, which the core checks before it calls the endpoint.
    associatedtype Who: Caller
    /// The route at which it is served.
    var route: Route { get }
    /// The rule for who may call it.
    var admission: Admission<Who> { get }
    /// The kind of body that it reads.
    var body: BodyKind { get }
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Responds to a request.
    ///
    /// - Parameter request: The request.
    /// - Returns: The response.
    /// - Throws: `OAuthError` to refuse. A `StoreError` becomes `temporarily_unavailable`, any other error
    ///   `server_error`; both are logged.
    func respond(to request: EndpointRequest<Who>) async throws -> EndpointResponse
}

extension Endpoint {
    /// A form.
    public var body: BodyKind { .form }
    /// No parameters.
    public var parameters: [ParameterDeclaration] { [] }
    /// For the host: the rule for who may call it, without the type of the caller.
    @_spi(Host)
    public var admissionRule: AdmissionRule { admission.rule }
}
