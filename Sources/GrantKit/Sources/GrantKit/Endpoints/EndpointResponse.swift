// SPDX-License-Identifier: Apache-2.0

/// What an endpoint answers.
public struct EndpointResponse: Sendable {
    /// What an answer consists of.
    public enum Content: Sendable {
        /// Nothing but status and headers.
        case none
        /// A JSON value.
        case json(JSON)
        /// A page, which the core renders; of an endpoint for browsers alone.
        case page(Page)
        /// An address to go on to by GET; of an endpoint for browsers alone, which answers for the address.
        case redirect(String)
        /// A sign-in and consent for a purpose, with a context that the purpose gets back; of an endpoint for browsers
        /// alone.
        case interaction(purpose: String, context: JSON)
        /// A file such as an image, with its media type. The core sends it so that a browser runs nothing in it.
        case file([UInt8], mediaType: String)
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

    /// A sign-in and consent for a purpose.
    ///
    /// - Parameters:
    ///   - purpose: The name of an `InteractionPurpose` of the same plugin.
    ///   - context: What the purpose gets back. It travels through the browser sealed; nobody can read or change it.
    /// - Returns: The response.
    public static func interaction(_ purpose: String, context: JSON) -> EndpointResponse {
        EndpointResponse(content: .interaction(purpose: purpose, context: context))
    }

    /// A file, such as an image.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - mediaType: The media type, such as `image/svg+xml` (RFC 9110 section 8.3.1).
    /// - Returns: The response.
    public static func file(_ bytes: [UInt8], mediaType: String) -> EndpointResponse {
        EndpointResponse(content: .file(bytes, mediaType: mediaType))
    }

    /// A redirect that turns any method into GET.
    public static func redirect(_ address: String) -> EndpointResponse {
        EndpointResponse(content: .redirect(address), status: 303)
    }
}
