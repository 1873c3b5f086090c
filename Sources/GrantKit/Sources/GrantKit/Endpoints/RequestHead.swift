// SPDX-License-Identifier: Apache-2.0

/// A request without its body.
public struct RequestHead: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The path, percent-encoded as it was sent, without the query.
    public var path: String
    /// The query, without the question mark.
    public var query: String?
    /// Header names in lower case and their values, in the order in which they were sent.
    public var headers: [(name: String, value: String)]
    /// The client's IP address; if a trusted proxy sent the request, the address that it forwarded.
    public var address: String
    /// The id of the request, which all its log lines have.
    public var id: String

    /// Makes a head.
    public init(
        method: String, path: String, query: String? = nil, headers: [(name: String, value: String)] = [],
        address: String = "", id: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.address = address
        self.id = id
    }

    /// The first value of a header; nil if it was not sent.
    ///
    /// - Parameter name: The name, in lower case.
    public subscript(header name: String) -> String? {
        // Iterating over indices copies no values. About ten headers are looked up for each request.
        headers.indices.first { headers[$0].name == name }.map { headers[$0].value }
    }
}
