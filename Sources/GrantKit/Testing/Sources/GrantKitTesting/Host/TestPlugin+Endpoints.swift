// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension TestPlugin {
    /// Sends a request to an endpoint of the plugin.
    ///
    /// A POST of a browser is a form of a page of the endpoint. HEAD is served as GET, and changes nothing.
    ///
    /// - Parameters:
    ///   - method: The method, in upper case.
    ///   - path: The path as on a server, such as `/auth/device`; `/auth` can be left out.
    ///   - parameters: The parameters, which are sent in the query or in the form.
    ///   - caller: The caller; by default one that the endpoint admits.
    ///   - document: The body of a request to an endpoint that reads JSON.
    ///   - headers: Header names in lower case and their values.
    /// - Returns: The response, after its writes have been committed.
    /// - Throws: `OAuthError` as the caller gets it; `HostRefusal` for a mistake of the plugin that a server would
    ///   answer with `server_error`; `StoreError`; and every other error of the plugin.
    public func call(
        _ method: String, _ path: String, _ parameters: Parameters = [:], as caller: TestCaller? = nil,
        document: JSON? = nil, headers: [(name: String, value: String)] = []
    ) async throws -> TestAnswer {
        try await call(TestCall(method, path, parameters, as: caller, document: document, headers: headers))
    }

    /// Sends a request to an endpoint of the plugin.
    ///
    /// - Parameter call: The request.
    /// - Returns: The response, after its writes have been committed.
    /// - Throws: As the other function of this name.
    public func call(_ call: TestCall) async throws -> TestAnswer {
        for path in [call.path, "/auth" + call.path] {
            let found = registry.endpoints.filter { TestPath(of: $0.route).matches(path) }
            let first = found.min { TestPath(of: $0.route).precedes(TestPath(of: $1.route)) }
            guard let first else { continue }
            return try await EndpointRun(plugin: self, endpoint: first, path: path, call: call).answer()
        }
        throw OAuthError(.invalidRequest, "the plugin has no endpoint at this path", status: 404)
    }
}
