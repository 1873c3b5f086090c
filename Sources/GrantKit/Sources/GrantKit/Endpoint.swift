// SPDX-License-Identifier: Apache-2.0

/// Where an endpoint is served.
public struct Route: Sendable, Hashable {
    /// The methods it takes, in upper case.
    public var methods: Set<String>
    /// The path, with a leading slash; its last segment may stand for any one, such as `{id}` in `/Client/{id}`.
    public var path: String
    /// Whether the path stands below the issuer itself rather than below the base path.
    public var isAtRoot = false
    /// The name under which the server's metadata announces its address, if any.
    public var metadata: String?

    /// Makes a route.
    public init(_ methods: Set<String>, _ path: String, metadata: String? = nil) {
        self.methods = methods
        self.path = path
        self.metadata = metadata
    }

    /// The route below the issuer itself rather than below the base path, where other servers have it.
    public static func atRoot(_ methods: Set<String>, _ path: String, metadata: String? = nil) -> Route {
        var route = Route(methods, path, metadata: metadata)
        route.isAtRoot = true
        return route
    }
}

/// A request to an endpoint, after the core has authenticated its caller.
public struct EndpointRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The declared parameters.
    public var parameters: Parameters
    /// The client that called.
    public var client: Client

    /// For the host and for tests: a request.
    public init(head: RequestHead, parameters: Parameters, client: Client) {
        self.head = head
        self.parameters = parameters
        self.client = client
    }
}

/// What an endpoint answers.
public struct EndpointResponse: Sendable {
    /// What an answer consists of.
    public enum Content: Sendable {
        /// Nothing but status and headers.
        case none
        /// A JSON value.
        case json(JSON)
        /// A page, which the core renders; of a `BrowserEndpoint` alone.
        case page(Page)
        /// An address to go on to by GET; of a `BrowserEndpoint` alone, which answers for the address.
        case redirect(String)
    }

    /// The HTTP status.
    public var status: Int
    /// What it consists of.
    public var content: Content
    /// Headers that belong to the answer.
    public var headers: [String: String] = [:]
    /// What the core commits before it answers; a conflict is answered as `temporarily_unavailable`.
    public var writes: [StoreWrite]
    /// Whether the browser forgets the session that it was signed in with.
    public var forgetsSession = false

    /// Makes a response of any kind.
    public init(content: Content, status: Int = 200, writes: [StoreWrite] = []) {
        self.status = status
        self.content = content
        self.writes = writes
    }

    /// Makes a response of JSON, or without a body.
    public init(_ body: JSON?, status: Int = 200, writes: [StoreWrite] = []) {
        self.init(content: body.map(Content.json) ?? .none, status: status, writes: writes)
    }

    /// The body; nil for an answer that is no JSON.
    public var body: JSON? {
        get { if case .json(let body) = content { body } else { nil } }
        set { content = newValue.map(Content.json) ?? .none }
    }

    /// A page.
    public static func page(_ page: Page, status: Int = 200) -> EndpointResponse {
        EndpointResponse(content: .page(page), status: status)
    }

    /// A redirect that turns any method into GET.
    public static func redirect(_ address: String) -> EndpointResponse {
        EndpointResponse(content: .redirect(address), status: 303)
    }
}

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
