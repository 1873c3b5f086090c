// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A request to an endpoint of a plugin.
public struct TestCall: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The path as on a server, such as `/auth/device`; `/auth` can be left out.
    public var path: String
    /// The parameters, which are sent in the query or in the form.
    public var parameters: Parameters
    /// The caller; nil for one that the endpoint admits.
    public var caller: TestCaller?
    /// The body of a request to an endpoint that reads JSON.
    public var document: JSON?
    /// Header names in lower case and their values.
    public var headers: [(name: String, value: String)]
    /// Whether a form comes from a page of another site instead of from a page of the endpoint.
    public var comesFromOtherSite = false

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - method: The method, in upper case.
    ///   - path: The path as on a server, such as `/auth/device`; `/auth` can be left out.
    ///   - parameters: The parameters.
    ///   - caller: The caller; nil for one that the endpoint admits.
    ///   - document: The body of a request to an endpoint that reads JSON.
    ///   - headers: Header names in lower case and their values.
    public init(
        _ method: String, _ path: String, _ parameters: Parameters = [:], as caller: TestCaller? = nil,
        document: JSON? = nil, headers: [(name: String, value: String)] = []
    ) {
        self.method = method
        self.path = path
        self.parameters = parameters
        self.caller = caller
        self.document = document
        self.headers = headers
    }
}
