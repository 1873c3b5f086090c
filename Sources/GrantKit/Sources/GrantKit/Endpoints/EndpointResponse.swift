// SPDX-License-Identifier: Apache-2.0

/// The response of an endpoint.
public struct EndpointResponse: Sendable {
    /// The content of a response.
    public enum Content: Sendable {
        /// No content: only status and headers.
        case none
        /// A JSON value.
        case json(JSON)
        /// A page, which the core renders; only for endpoints for browsers.
        case page(Page)
        /// A redirect to a URL, which the browser gets with GET; only for endpoints for browsers.
        ///
        /// The core does not check where the URL leads.
        case redirect(String)
        /// The start of sign-in and consent for a purpose, with a context that the purpose gets back; only for
        /// endpoints for browsers.
        case interaction(purpose: String, context: JSON)
        /// A file such as an image, with its media type.
        ///
        /// The core sends it with headers that keep a browser from running anything in it.
        case file([UInt8], mediaType: String)
    }

    /// The HTTP status.
    public var status: Int
    /// The content.
    public var content: Content
    /// Additional headers.
    public var headers: [String: String] = [:]
    /// Writes that the core commits before it sends the response.
    ///
    /// A conflict becomes `temporarily_unavailable`.
    public var writes: [StoreWrite]
    /// Whether the core removes the session's cookie from the browser.
    public var forgetsSession = false

    /// Makes a response with any content.
    public init(content: Content, status: Int = 200, writes: [StoreWrite] = []) {
        self.status = status
        self.content = content
        self.writes = writes
    }

    /// Makes a response with JSON, or without content.
    public init(_ body: JSON?, status: Int = 200, writes: [StoreWrite] = []) {
        self.init(content: body.map(Content.json) ?? .none, status: status, writes: writes)
    }

    /// The JSON; nil for any other content.
    public var body: JSON? {
        get { if case .json(let body) = content { body } else { nil } }
        set { content = newValue.map(Content.json) ?? .none }
    }

    /// A response with a page.
    ///
    /// - Parameters:
    ///   - page: The page.
    ///   - status: The HTTP status.
    /// - Returns: The response.
    public static func page(_ page: Page, status: Int = 200) -> EndpointResponse {
        EndpointResponse(content: .page(page), status: status)
    }

    /// A response that starts sign-in and consent for a purpose.
    ///
    /// - Parameters:
    ///   - purpose: The name of an `InteractionPurpose` of the same plugin.
    ///   - context: A value that the purpose gets back. It passes through the browser sealed, so nobody can read or
    ///     change it.
    /// - Returns: The response.
    public static func interaction(_ purpose: String, context: JSON) -> EndpointResponse {
        EndpointResponse(content: .interaction(purpose: purpose, context: context))
    }

    /// A response with a file, such as an image.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - mediaType: The media type, such as `image/svg+xml` (RFC 9110 section 8.3.1).
    /// - Returns: The response.
    public static func file(_ bytes: [UInt8], mediaType: String) -> EndpointResponse {
        EndpointResponse(content: .file(bytes, mediaType: mediaType))
    }

    /// A redirect, which the browser follows with GET whatever the method was (RFC 9110 section 15.4.4).
    ///
    /// - Parameter address: The URL.
    /// - Returns: The response.
    public static func redirect(_ address: String) -> EndpointResponse {
        EndpointResponse(content: .redirect(address), status: 303)
    }
}
