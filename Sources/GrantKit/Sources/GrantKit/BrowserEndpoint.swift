// SPDX-License-Identifier: Apache-2.0

/// A request of a person's browser, after the core has found out who is signed in with it.
public struct BrowserRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The declared parameters, of the query or of a form.
    public var parameters: Parameters
    /// The session that the browser is signed in with, if any.
    public var session: UserSession?

    /// For the host and for tests: a request.
    public init(head: RequestHead, parameters: Parameters, session: UserSession? = nil) {
        self.head = head
        self.parameters = parameters
        self.session = session
    }

    /// Whether a person sent a form of a page of this endpoint; any other request must change nothing by itself.
    public var isSubmitted: Bool { head.method == "POST" }
}

/// Serves people's browsers, where neither a client nor a token stands behind the request.
///
/// A form reaches it only with the token that the core gave to the page in the same browser (the value `csrf`, which a
/// page sends back as a hidden field, to the value `action`). Refusals are shown as pages.
public protocol BrowserEndpoint: Sendable {
    /// Where it is served.
    var route: Route { get }
    /// Whether somebody has to be signed in.
    var requiresSession: Bool { get }
    /// Whether other sites may send forms here; such a form arrives as GET, as if it had been a link.
    var takesForeignForms: Bool { get }
    /// The parameters that it reads.
    var parameters: [ParameterDeclaration] { get }
    /// Answers.
    ///
    /// - Throws: `OAuthError` to refuse; a `StoreError` is answered as
    ///   `temporarily_unavailable`, any other error as `server_error`; both are logged.
    func respond(to request: BrowserRequest) async throws -> EndpointResponse
}

extension BrowserEndpoint {
    /// Anybody may ask.
    public var requiresSession: Bool { false }
    /// They may not.
    public var takesForeignForms: Bool { false }
    /// None.
    public var parameters: [ParameterDeclaration] { [] }
}
