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
