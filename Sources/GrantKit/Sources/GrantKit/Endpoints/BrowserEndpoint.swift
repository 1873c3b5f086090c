// SPDX-License-Identifier: Apache-2.0

/// Serves people's browsers, where neither a client nor a token stands behind the request.
///
/// A form reaches it only with the token that the core gave to the page in the same browser (the value `csrf`, which a
/// page sends back as a hidden field, to the value `action`). Refusals are shown as pages.
public protocol BrowserEndpoint: Sendable {
    /// Where it is served.
    var route: Route { get }
    /// Whether somebody has to be signed in.
    ///
    /// Such an endpoint is listed on the server's start page if it takes GET and a page has the text `<name>_title`, where
    /// the name is the path without its slash. Its forms are good for the session that they were shown in.
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
