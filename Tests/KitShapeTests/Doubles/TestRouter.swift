// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Admits callers and finds the endpoint, as the core will do it.
struct TestRouter {
    private let endpoints: [any CallerEndpoint]

    init(_ registry: Registry) {
        endpoints = registry.later((any CallerEndpoint).self)
    }

    /// A request before its caller has a type.
    struct Request: Sendable {
        var head: RequestHead
        var caller: FoundCaller
        var parameters: Parameters
        var document: JSON?
    }

    /// - Throws: What the endpoint throws; `OAuthError` `invalid_client` if no endpoint of the path admits the caller.
    func send(
        _ method: String, _ path: String, as caller: FoundCaller = .nobody, _ parameters: Parameters = [:],
        document: JSON? = nil
    ) async throws -> Reply {
        let head = RequestHead(method: method, path: path)
        let request = Request(head: head, caller: caller, parameters: parameters, document: document)
        var isServed = false
        for endpoint in endpoints where endpoint.route.methods.contains(method) {
            guard let variables = endpoint.route.variables(in: path) else { continue }
            isServed = true
            if let reply = try await answer(endpoint, request, variables) { return reply }
        }
        guard !isServed else { throw OAuthError(.invalidClient) }
        return Reply(.none, status: 404)
    }

    /// The reply of an endpoint; nil if it does not admit the caller.
    private func answer<Serving: CallerEndpoint>(
        _ endpoint: Serving, _ request: Request, _ variables: Parameters
    ) async throws -> Reply? {
        guard let who = Serving.Who.admitted(request.caller) else { return nil }
        try check(request.caller, endpoint.admission.way)
        var call = Call(head: request.head, caller: who)
        call.parameters = request.parameters
        call.variables = variables
        call.document = request.document
        return try await endpoint.respond(to: call)
    }

    private func check(_ caller: FoundCaller, _ way: AdmissionWay) throws {
        switch (way, caller) {
        case (.bearer(let scope), .bearer(let bearer)), (.anyoneOrBearer(let scope), .bearer(let bearer)):
            guard scope.words.allSatisfy(bearer.token.authorization.scope.contains) else {
                throw OAuthError(.insufficientScope)
            }
        case (.client(.confidential), .client(let client)):
            guard !client.isPublic else { throw OAuthError(.invalidClient) }
        default: break
        }
    }
}

extension LaterRoute {
    /// The values of the variables in a path; nil if it is another path.
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
