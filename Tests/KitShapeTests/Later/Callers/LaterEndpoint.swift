// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// An endpoint with a part that `Endpoint` will get: another caller, another body, or a response that stays fresh.
protocol LaterEndpoint: LaterRole {
    associatedtype Who: Caller
    var route: Route { get }
    var admission: LaterAdmission { get }
    var body: LaterBody { get }
    func respond(to request: EndpointRequest<Who>) async throws -> Reply
    /// For the host: the caller as the type that the endpoint gets, or nil if it is of another kind.
    func admitted(_ found: FoundCaller) -> Who?
}

extension LaterEndpoint {
    var body: LaterBody { .present(.form) }
    var line: String { route.line }
}

extension LaterEndpoint where Who == Anyone {
    func admitted(_ found: FoundCaller) -> Anyone? { Anyone() }
}

extension LaterEndpoint where Who == Client {
    func admitted(_ found: FoundCaller) -> Client? {
        if case .client(let client) = found { client } else { nil }
    }
}

/// A request without any credentials is admitted too. Wrong credentials are refused.
extension LaterEndpoint where Who == Bearer? {
    func admitted(_ found: FoundCaller) -> Bearer?? {
        switch found {
        case .nobody: .some(nil)
        case .bearer(let bearer): .some(bearer)
        case .client: nil
        }
    }
}

/// Takes the place of more functions of `Admission`, and more cases of `AdmissionRule`.
enum LaterAdmission: Sendable, Hashable {
    case present(AdmissionRule)
    case anyone
    /// An access token with a scope, or no credentials.
    case anyoneOrBearer(Scope)
}

/// Takes the place of more cases of `BodyKind`.
enum LaterBody: Sendable, Hashable {
    case present(BodyKind)
    /// A form with any parameters of the authorization endpoint, as declared by flows, filters and resolvers.
    case authorizationRequest
}

/// Any sender; nothing is known about it.
struct Anyone: Caller {}

extension Route {
    /// The line that names an endpoint in the list of what a plugin registers.
    var line: String { "endpoint \(methods.sorted().joined(separator: ",")) \(path)" }
}
