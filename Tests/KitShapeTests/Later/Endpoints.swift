// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an endpoint answers once there are pages.
///
/// Stands for `EndpointResponse` with one more stored property: the struct isn't frozen, so it may gain `content`, and
/// `body` may become a view of it under the same name and type.
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

    /// Every response of today is one of these, with nothing left over.
    init(_ response: EndpointResponse) {
        self.init(response.body.map(Content.json) ?? .none, status: response.status, writes: response.writes)
        headers = response.headers
    }

    /// What `EndpointResponse.body` goes on to give and take.
    var body: JSON? {
        get { if case .json(let body) = content { body } else { nil } }
        set { content = newValue.map(Content.json) ?? .none }
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
