// SPDX-License-Identifier: Apache-2.0

/// Serves a path to one kind of caller.
///
/// The core reads the request, checks its caller, applies limits and turns errors into responses. `Who` is the caller:
/// `Client`, `Bearer`, `UserSession` or, for browsers of anyone, `UserSession?`.
public protocol Endpoint<Who>: Sendable {
    /// The caller, whom the core has checked before it calls the endpoint.
    associatedtype Who: Caller
    /// Where it is served.
    var route: Route { get }
    /// Who may call it.
    var admission: Admission<Who> { get }
    /// The kind of body that it reads.
    var body: BodyKind { get }
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Responds to a request.
    ///
    /// - Throws: `OAuthError` to refuse; a `StoreError` is answered as
    ///   `temporarily_unavailable`, any other error as `server_error`; both are logged.
    func respond(to request: EndpointRequest<Who>) async throws -> EndpointResponse
}

extension Endpoint {
    /// A form.
    public var body: BodyKind { .form }
    /// None.
    public var parameters: [ParameterDeclaration] { [] }
    /// For the host: who may call it, without the type of the caller.
    @_spi(Host)
    public var admissionRule: AdmissionRule { admission.rule }
}
