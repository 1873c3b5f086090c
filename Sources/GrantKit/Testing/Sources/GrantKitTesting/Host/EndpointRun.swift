// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// One request to an endpoint: admission, parameters, the endpoint itself, and the commit.
struct EndpointRun {
    let plugin: TestPlugin
    let endpoint: any Endpoint
    let path: String
    let call: TestCall

    private var host: TestHost { plugin.host }
    private var name: String { "the endpoint '\(endpoint.route.path)'" }

    func answer() async throws -> TestAnswer {
        let methods = endpoint.route.methods
        if methods.contains(call.method) { return try await serve(call.method) }
        guard call.method == "HEAD", methods.contains("GET") else { throw wrongMethod }
        return try await OnlyLooking.during { try await serve("GET") }
    }

    private func serve(_ method: String) async throws -> TestAnswer {
        switch endpoint.admissionRule {
        case .client(let requirement):
            guard let served = endpoint as? any Endpoint<Client> else { throw stranger }
            return try await finish(try await ask(served, as: try client(requirement), method))
        case .bearer(let scope):
            guard let served = endpoint as? any Endpoint<Bearer> else { throw stranger }
            return try await finish(try await ask(served, as: try await bearer(scope), method))
        case .browser(requiresSession: let requiresSession, takesForeignForms: let takesForeignForms):
            let method = try effective(method, takesForeignForms)
            return try await requiresSession ? serveUser(method) : serveAnyone(method)
        @unknown default: throw stranger
        }
    }

    /// A form of another site arrives as GET, like a link, or not at all.
    private func effective(_ method: String, _ takesForeignForms: Bool) throws -> String {
        guard method == "POST", call.comesFromOtherSite else { return method }
        guard takesForeignForms else {
            throw OAuthError(.invalidRequest, "the form does not come from a page of this server")
        }
        guard endpoint.route.methods.contains("GET") else { throw wrongMethod }
        return "GET"
    }

    private func serveUser(_ method: String) async throws -> TestAnswer {
        guard let served = endpoint as? any Endpoint<UserSession> else { throw stranger }
        let given: UserSession?
        if call.caller == nil { given = try await plugin.signIn() } else { given = try await live() }
        guard let given else {
            throw OAuthError(OAuthError.Code(rawValue: "login_required"), "no user is signed in")
        }
        return try await finish(try await ask(served, as: given, method))
    }

    private func serveAnyone(_ method: String) async throws -> TestAnswer {
        guard let served = endpoint as? any Endpoint<UserSession?> else { throw stranger }
        return try await finish(try await ask(served, as: try await live(), method))
    }

    private var wrongMethod: OAuthError {
        let methods = endpoint.route.methods.sorted().joined(separator: ", ")
        return OAuthError(.invalidRequest, "this URL accepts \(methods)", status: 405)
    }

    private var stranger: HostRefusal {
        HostRefusal("\(name) has a caller that does not fit its admission: use a caller and an admission of the kit")
    }

    // MARK: callers

    private func client(_ requirement: ClientRequirement) throws -> Client {
        let found: Client
        switch call.caller {
        case nil: found = plugin.client(isPublic: requirement == .identified)
        case .client(let given)?: found = given
        default: throw OAuthError(.invalidClient, "the request has no client")
        }
        guard requirement == .identified || !found.isPublic else {
            throw OAuthError(.invalidClient, "the client must authenticate")
        }
        host.clients.add(found)
        return found
    }

    private func bearer(_ scope: Scope) async throws -> Bearer {
        let found: Bearer
        switch call.caller {
        case nil: found = try await plugin.bearer(scope: scope)
        case .bearer(let given)?: found = given
        default: throw OAuthError(.invalidToken, "the request has no access token")
        }
        let token = found.token
        let ids = [token.id, token.authorization.grantID, token.authorization.sessionID]
        guard token.kind == .access, token.expiresAt > host.clock.now, token.authorization.confirmation == nil,
            try await !plugin.isRevoked(ids)
        else { throw OAuthError(.invalidToken, "the access token is unknown, expired or revoked") }
        guard scope.words.allSatisfy({ token.authorization.scope.contains($0) }) else {
            throw OAuthError(.insufficientScope, "the access token lacks the required scope")
        }
        return found
    }

    /// The session of the browser that sends the request, unless it has ended.
    private func live() async throws -> UserSession? {
        guard case .browser(let given?)? = call.caller, given.expiresAt > host.clock.now,
            try await !plugin.isRevoked([given.id])
        else { return nil }
        return given
    }

    // MARK: the request

    /// Calls the endpoint with what it has declared.
    private func ask<Who: Caller>(
        _ served: any Endpoint<Who>, as caller: Who, _ method: String
    ) async throws -> EndpointResponse {
        let place = TestPath(of: endpoint.route)
        let names = UndeclaredNames(declared: declared.map(\.name))
        let variables = UndeclaredNames(declared: place.names)
        let request = EndpointRequest(
            head: head(method), caller: caller, parameters: names.watching(try accepted()),
            variables: variables.watching(try place.values(in: path)), document: try document(method))
        return try await variables.during(undeclaredVariable) {
            try await names.during(undeclared) { try await served.respond(to: request) }
        }
    }

    private func undeclared(_ parameter: String) -> String {
        "\(name) reads the parameter '\(parameter)', which it does not declare: correct the name, or add it to its "
            + "parameters"
    }

    private func undeclaredVariable(_ variable: String) -> String {
        "\(name) reads the variable '\(variable)', which its path does not have: correct the name, or the path"
    }

    private var declared: [ParameterDeclaration] {
        guard case .client = endpoint.admissionRule else { return endpoint.parameters }
        let own = endpoint.parameters.map(\.name)
        let credentials = [
            ParameterDeclaration("client_id", longest: 256), ParameterDeclaration("client_secret", longest: 512),
        ]
        return endpoint.parameters + credentials.filter { !own.contains($0.name) }
    }

    private func accepted() throws -> Parameters {
        guard !call.parameters.all.contains(where: { $0.value.utf8.contains(0) }) else {
            throw OAuthError(.invalidRequest, "a parameter contains a NUL byte")
        }
        return try TestParameters(declarations: declared).accept(call.parameters, reader: name)
    }

    private func head(_ method: String) -> RequestHead {
        let query = call.parameters.all.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
            .joined(separator: "&")
        return RequestHead(
            method: method, path: path, query: hasQuery(method) && !query.isEmpty ? query : nil, headers: call.headers,
            address: "192.0.2.7", id: "request-1")
    }

    private func hasQuery(_ method: String) -> Bool {
        switch endpoint.admissionRule {
        case .client: false
        case .bearer: method == "GET" || readsJSON
        default: method != "POST"
        }
    }

    private var readsJSON: Bool {
        if case .json = endpoint.body { true } else { false }
    }

    private func document(_ method: String) throws -> JSON? {
        guard let document = call.document, method != "GET" else { return nil }
        guard readsJSON else {
            throw OAuthError(.invalidRequest, "the content type must be application/x-www-form-urlencoded")
        }
        return document
    }

    // MARK: the response

    private func finish(_ response: EndpointResponse) async throws -> TestAnswer {
        if case .interaction(purpose: let purpose, context: _) = response.content { try check(purpose) }
        guard 200...599 ~= response.status else {
            throw HostRefusal("\(name) returns the status \(response.status): use one from 200 to 599")
        }
        if case .conflict = try await host.store.commit(response.writes, of: name) {
            throw OAuthError(.temporarilyUnavailable, "another request changed the same record")
        }
        try check(response.content)
        return TestAnswer(response)
    }

    private func check(_ purpose: String) throws {
        guard !plugin.registry.purposes.contains(where: { $0.name == purpose }) else { return }
        throw HostRefusal(
            "\(name) returns .interaction for the purpose '\(purpose)', which the plugin has not added: "
                + "add registry.add(purpose:) in register")
    }

    private func check(_ content: EndpointResponse.Content) throws {
        switch content {
        case .none, .json: return
        case .page(let page) where isForBrowsers: try ShownPage(page: page, plugin: plugin).check(name)
        case .redirect(let address) where isForBrowsers:
            guard address.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw HostRefusal(
                    "\(name) redirects to a URL with a character that is not printable ASCII: "
                        + "encode each value in it with percentEncoded")
            }
        case .interaction where isForBrowsers: return
        case .file(_, mediaType: let type):
            guard type.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
                throw HostRefusal("\(name) returns a file whose media type is not printable ASCII")
            }
        default: throw HostRefusal("\(name) returns content that only browsers understand: return JSON instead")
        }
    }

    private var isForBrowsers: Bool {
        if case .browser = endpoint.admissionRule { true } else { false }
    }
}
