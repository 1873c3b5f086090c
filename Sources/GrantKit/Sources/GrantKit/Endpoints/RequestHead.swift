// SPDX-License-Identifier: Apache-2.0

/// A request without its body: what a client or a network path can prove.
public struct RequestHead: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The path, percent-encoded as it came, without the query.
    public var path: String
    /// The query, without the question mark.
    public var query: String?
    /// Header names in lower case and their values, in the order in which they came.
    public var headers: [(name: String, value: String)]
    /// The client's address, behind a trusted proxy the one it forwarded.
    public var address: String
    /// What ties the log lines of this request together.
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

    /// The first value of a header.
    ///
    /// - Parameter name: The name, in lower case.
    public subscript(header name: String) -> String? {
        // Going by indices copies no values; a request is asked for about ten headers.
        headers.indices.first { headers[$0].name == name }.map { headers[$0].value }
    }
}
