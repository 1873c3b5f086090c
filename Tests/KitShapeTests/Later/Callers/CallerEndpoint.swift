// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a path to one kind of caller.
///
/// Takes the place of `Endpoint`, `ResourceEndpoint` and `BrowserEndpoint`. Several endpoints can have one path if they
/// differ in their methods or in the kind of caller.
protocol CallerEndpoint: LaterRole {
    associatedtype Who: Caller
    var route: LaterRoute { get }
    var admission: Admission<Who> { get }
    /// The kind of body that it reads.
    var body: BodyKind { get }
    var parameters: [ParameterDeclaration] { get }
    func respond(to call: Call<Who>) async throws -> Reply
}

extension CallerEndpoint {
    var body: BodyKind { .form }
    var parameters: [ParameterDeclaration] { [] }
    var line: String { "endpoint \(route.methods.sorted().joined(separator: ",")) \(route.path)" }
}

/// A request, after the core has admitted its caller.
struct Call<Who: Caller>: Sendable {
    var head: RequestHead
    var caller: Who
    var parameters: Parameters = [:]
    /// The values of the variables in the route's path, decoded.
    var variables: Parameters = [:]
    /// The body, if the endpoint reads JSON and the request has one.
    var document: JSON?
}

/// The kind of body that an endpoint reads.
enum BodyKind: Sendable, Hashable {
    case form
    /// A form with any parameters of the authorization endpoint, as declared by flows, filters and resolvers.
    case authorizationRequest
    /// JSON of one of these media types.
    case json([String])
}

/// Takes the place of `Route`, with a base in place of `isAtRoot`.
struct LaterRoute: Sendable, Hashable {
    /// What the path is below.
    enum Base: Sendable, Hashable {
        /// The base path of the server's endpoints.
        case endpoints
        /// The issuer.
        case issuer
        /// `/.well-known/` at the origin. The path of the issuer follows the route's path (RFC 8414 section 3).
        case wellKnown
    }

    var methods: Set<String>
    /// The path. A segment such as `{id}` is a variable, and a last segment such as `{path...}` takes all that follows.
    var path: String
    var base: Base
    var metadata: String?

    init(_ methods: Set<String>, _ path: String, below base: Base = .endpoints, metadata: String? = nil) {
        self.methods = methods
        self.path = path
        self.base = base
        self.metadata = metadata
    }
}
