// SPDX-License-Identifier: Apache-2.0

/// A request to an endpoint, after the core has checked its caller.
public struct EndpointRequest<Who: Caller>: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The caller.
    public var caller: Who
    /// The declared parameters, of the query or of a form.
    public var parameters: Parameters
    /// The values of the variables in the route's path, decoded; none of them is empty.
    public var variables: Parameters
    /// The body, if the endpoint reads JSON and the request has one.
    public var document: JSON?

    /// For the host and for tests: a request.
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

    /// Whether the method is POST. From a browser, that is a form of a page of this endpoint; any other request must
    /// change nothing by itself.
    public var isSubmitted: Bool { head.method == "POST" }
}
