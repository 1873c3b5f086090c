// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The sender of a request, as the core has found it out.
enum FoundCaller: Sendable {
    case nobody
    case client(Client)
    case bearer(Bearer)
}

/// Admits callers and finds the endpoint, as the core does it or will do it.
struct TestRouter {
    private let endpoints: [any Endpoint]
    private let later: [any LaterEndpoint]

    init(_ registry: Registry) {
        endpoints = registry.endpoints
        later = registry.later((any LaterEndpoint).self)
    }

    /// A request before its caller has a type.
    private struct Request: Sendable {
        var head: RequestHead
        var caller: FoundCaller
        var parameters: Parameters
        var variables: Parameters = [:]
        var document: JSON?
    }

    /// - Throws: What the endpoint throws; `OAuthError` `invalid_client` if no endpoint of the path admits the caller.
    func send(
        _ method: String, _ path: String, as caller: FoundCaller = .nobody, _ parameters: Parameters = [:],
        document: JSON? = nil
    ) async throws -> Reply {
        let head = RequestHead(method: method, path: path)
        var request = Request(head: head, caller: caller, parameters: parameters, document: document)
        var isServed = false
        for endpoint in later where endpoint.route.methods.contains(method) {
            guard let variables = endpoint.route.variables(in: path) else { continue }
            (isServed, request.variables) = (true, variables)
            if let reply = try await answer(endpoint, request) { return reply }
        }
        for endpoint in endpoints where endpoint.route.methods.contains(method) {
            guard let variables = endpoint.route.variables(in: path) else { continue }
            (isServed, request.variables) = (true, variables)
            if let response = try await answer(endpoint, request) { return Reply(response) }
        }
        guard !isServed else { throw OAuthError(.invalidClient) }
        return Reply(EndpointResponse(nil, status: 404))
    }

    /// The reply of an endpoint; nil if it does not admit the caller.
    private func answer<Serving: LaterEndpoint>(_ endpoint: Serving, _ request: Request) async throws -> Reply? {
        guard let who = endpoint.admitted(request.caller) else { return nil }
        if case .anyoneOrBearer(let scope) = endpoint.admission, case .bearer(let bearer) = request.caller {
            try check(bearer, scope)
        }
        return try await endpoint.respond(to: typed(request, who))
    }

    private func answer(_ endpoint: any Endpoint, _ request: Request) async throws -> EndpointResponse? {
        guard case .bearer(let scope) = endpoint.admissionRule, case .bearer(let bearer) = request.caller,
            let endpoint = endpoint as? any Endpoint<Bearer>
        else { return nil }
        try check(bearer, scope)
        return try await endpoint.respond(to: typed(request, bearer))
    }

    private func typed<Who: Caller>(_ request: Request, _ caller: Who) -> EndpointRequest<Who> {
        EndpointRequest(
            head: request.head, caller: caller, parameters: request.parameters, variables: request.variables,
            document: request.document)
    }

    private func check(_ bearer: Bearer, _ scope: Scope) throws {
        guard scope.words.allSatisfy(bearer.token.authorization.scope.contains) else {
            throw OAuthError(.insufficientScope)
        }
    }
}

extension Route {
    /// The values of the variables in a path; nil if it is another path.
    ///
    /// A last segment such as `{path...}` takes all that follows, which routes cannot have yet.
    func variables(in path: String) -> Parameters? {
        let (pattern, parts) = (self.path.split(separator: "/"), path.split(separator: "/"))
        var values: [(name: String, value: String)] = []
        for (place, part) in pattern.enumerated() {
            if part.hasSuffix("...}") {
                let rest = parts.dropFirst(place).joined(separator: "/")
                return Parameters(values + [(name: String(part.dropFirst().dropLast(4)), value: rest)])
            }
            guard place < parts.count else { return nil }
            if part.hasPrefix("{") {
                values.append((name: String(part.dropFirst().dropLast()), value: String(parts[place])))
            } else if part != parts[place] {
                return nil
            }
        }
        return parts.count == pattern.count ? Parameters(values) : nil
    }
}
