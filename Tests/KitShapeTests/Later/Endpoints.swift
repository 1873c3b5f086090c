// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an endpoint answers once it can ask a person to sign in and consent.
///
/// Stands for `EndpointResponse` with one more case of `Content`, which isn't frozen.
struct Reply: Sendable {
    enum Content: Sendable {
        case none
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

    static func page(_ name: String, _ values: JSON = [:]) -> Reply {
        Reply(.page(Page(name, values)))
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

/// Stands for `BrowserEndpoint`, with the answers of later.
protocol InteractingEndpoint: Sendable {
    var route: Route { get }
    var parameters: [ParameterDeclaration] { get }
    func respond(to request: BrowserRequest) async throws -> Reply
}
