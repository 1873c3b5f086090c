// SPDX-License-Identifier: Apache-2.0

/// A request to an endpoint, after the core has checked its caller.
public struct EndpointRequest<Who: Caller>: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The caller.
    public var caller: Who
    /// The declared parameters, from the query or the form.
    public var parameters: Parameters
    /// The decoded values of the variables in the route's path; none of them is empty.
    public var variables: Parameters
    /// The body, if the endpoint reads JSON and the request has one.
    public var document: JSON?

    /// For the host and for tests: makes a request.
    public init(
        head: RequestHead, caller: Who, parameters: Parameters = [:], variables: Parameters = [:],
        document: JSON? = nil
    ) {
        self.head = head
        self.caller = caller
        self.parameters = parameters
        self.variables = variables
        self.document = document
    }

    /// Whether the method is POST.
    ///
    /// A POST from a browser is a form of one of the endpoint's pages. Any other request of a browser may be a link on
    /// another site, so it must not change anything.
    public var isSubmitted: Bool { head.method == "POST" }
}
