// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an endpoint answers once there are pages.
///
/// Stands for `EndpointResponse` with two more stored properties: the struct isn't frozen, so it may gain `content` and
/// `headers`, and `body` may become a view of `content` under the same name and type.
struct Reply: Sendable {
    enum Content: Sendable {
        case json(JSON)
        case page(Page)
        case interact(InteractionStart)
    }

    var status: Int
    var content: Content
    var headers: [String: String] = [:]
    var writes: [StoreWrite]

    init(_ content: Content, status: Int = 200, writes: [StoreWrite] = []) {
        self.status = status
        self.content = content
        self.writes = writes
    }

    /// Every response of today is one of these, with nothing left over.
    init(_ response: EndpointResponse) {
        self.init(.json(response.body), status: response.status, writes: response.writes)
    }

    /// What `EndpointResponse.body` goes on to give and take.
    var body: JSON {
        get { if case .json(let body) = content { body } else { .null } }
        set { content = .json(newValue) }
    }

    static func page(_ name: String, _ values: JSON = [:]) -> Reply {
        Reply(.page(Page(name: name, values: values)))
    }
}

/// What a request body is read as.
enum EndpointBody: Sendable {
    case form
    /// A form that may hold whatever the authorization endpoint takes, declared by flows, filters and resolvers.
    case authorizationRequest
}

/// Stands for the requirement `body` that `Endpoint` gains, with `.form` as its default.
protocol EndpointWithBody: Endpoint {
    var body: EndpointBody { get }
}

/// Serves who presents an access token (RFC 6750), where `Endpoint` serves who authenticates as a client.
///
/// A protocol of its own, and not a refinement: `Endpoint.caller` could not say that a token is asked for, and where
/// neither token nor client is optional, no endpoint has to check again what the core has checked.
protocol ResourceEndpoint: Sendable {
    var route: Route { get }
    /// The scope that the token has to carry.
    var scope: Scope { get }
    var parameters: [ParameterDeclaration] { get }
    func respond(to request: ResourceRequest) async throws -> Reply
}

struct ResourceRequest: Sendable {
    var head: RequestHead
    var parameters: Parameters
    var token: ResolvedToken
    /// The client that the token was issued to.
    var client: Client
}

/// Serves a person's browser, where no client stands behind the request; a protocol of its own for the same reason.
protocol BrowserEndpoint: Sendable {
    var route: Route { get }
    var parameters: [ParameterDeclaration] { get }
    func respond(to request: BrowserRequest) async throws -> Reply
}

struct BrowserRequest: Sendable {
    var head: RequestHead
    var parameters: Parameters
}
