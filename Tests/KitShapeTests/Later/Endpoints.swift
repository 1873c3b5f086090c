// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response of an endpoint that can ask a user to sign in and consent.
///
/// Takes the place of `EndpointResponse` with one more case of `Content`, which is not frozen.
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

/// The kind of body that an endpoint reads.
enum EndpointBody: Sendable {
    case form
    /// A form with any parameters of the authorization endpoint, as declared by flows, filters and resolvers.
    case authorizationRequest
}

/// Takes the place of the requirement `body` that `Endpoint` will get, with `.form` as its default.
protocol EndpointWithBody: Endpoint {
    var body: EndpointBody { get }
}

/// Takes the place of `BrowserEndpoint`, with the later kind of response.
protocol InteractingEndpoint: Sendable {
    var route: Route { get }
    var parameters: [ParameterDeclaration] { get }
    func respond(to request: BrowserRequest) async throws -> Reply
}
