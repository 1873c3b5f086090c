// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// The redirect URI of the clients of this host.
    public static let redirectURI = "https://client.example.com/callback"

    /// The parameters that the core reads in each authorization request.
    private static let standard = [
        ParameterDeclaration("response_type", longest: 256), ParameterDeclaration("client_id", longest: 256),
        ParameterDeclaration("redirect_uri"), ParameterDeclaration("response_mode", longest: 64),
        ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("state", longest: 4096),
        ParameterDeclaration("audience", repeatable: true, longest: 256),
    ]

    /// Sends a request to the authorization endpoint, and lets a user allow it.
    ///
    /// - Parameters:
    ///   - responseType: The value of `response_type`.
    ///   - parameters: The other parameters, as the client sends them.
    ///   - client: The client; by default one that may use the response type, with the scope `read write`.
    ///   - head: The browser's request without its body.
    /// - Returns: The response.
    /// - Throws: `OAuthError` as the client gets it; `HostRefusal` for a mistake of the plugin that a server would
    ///   answer with `server_error`; `StoreError`; and every other error of the plugin.
    public func authorize(
        _ responseType: String, _ parameters: Parameters = [:], from client: Client? = nil,
        head: RequestHead = RequestHead(method: "GET", path: "/auth/authorize", address: "192.0.2.7")
    ) async throws -> TestAuthorizationResponse {
        try await ask(responseType, parameters, from: client, head: head).approve()
    }

    /// Sends a request to the authorization endpoint, which checks it before it asks the user.
    ///
    /// - Parameters:
    ///   - responseType: The value of `response_type`.
    ///   - parameters: The other parameters, as the client sends them.
    ///   - client: The client; by default one that may use the response type, with the scope `read write`.
    ///   - head: The browser's request without its body.
    /// - Returns: The request, which a user can approve.
    /// - Throws: As `authorize`.
    public func ask(
        _ responseType: String, _ parameters: Parameters = [:], from client: Client? = nil,
        head: RequestHead = RequestHead(method: "GET", path: "/auth/authorize", address: "192.0.2.7")
    ) async throws -> TestAuthorizationRequest {
        let words = Set(responseType.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) })
        let flows = registry.flows.filter { words.contains($0.word) }
        guard !flows.isEmpty, flows.count == words.count, TestPlugin.combine(flows) else {
            throw OAuthError(.unsupportedResponseType, "the response type is not supported")
        }
        let (request, names) = try begin(parameters, words, flows.map { $0.grant }, from: client, head)
        for flow in flows { try await flow.validate(request) }
        let limits = try requested(request.parameters, by: request.client)
        let policy = try await filter(request, InteractionPolicy(limits: limits))
        try names.check(by: "the flow or filter")
        guard policy.limits.notAfter.map({ $0 > host.clock.now }) ?? true else {
            throw OAuthError(.accessDenied, "the requested access has already ended")
        }
        return TestAuthorizationRequest(plugin: self, request: request, policy: policy, flows: flows, names: names)
    }

    /// Lets the plugin's filters narrow or refuse an authorization request of any response type.
    ///
    /// - Parameters:
    ///   - parameters: The parameters, as the client sends them.
    ///   - client: The client; by default one with the scope `read write`.
    ///   - policy: The requirements and limits before the filters; by default what the client asks for.
    ///   - head: The browser's request without its body.
    /// - Returns: The requirements and limits after them.
    /// - Throws: As `authorize`.
    public func filter(
        _ parameters: Parameters = [:], from client: Client? = nil, policy: InteractionPolicy? = nil,
        head: RequestHead = RequestHead(method: "GET", path: "/auth/authorize", address: "192.0.2.7")
    ) async throws -> InteractionPolicy {
        let flow = registry.flows.first
        let grant = flow?.grant ?? GrantDeclaration("authorization_code", client: .identified)
        let (request, names) = try begin(parameters, [flow?.word ?? "code"], [grant], from: client, head)
        let limits = try requested(request.parameters, by: request.client)
        let filtered = try await filter(request, policy ?? InteractionPolicy(limits: limits))
        try names.check(by: "the filter")
        return filtered
    }

    /// Whether response types can be combined: in each pair, one has to name the other.
    private static func combine(_ flows: [any AuthorizationFlow]) -> Bool {
        flows.allSatisfy { one in
            flows.allSatisfy { other in
                one.word == other.word || one.combinesWith.contains(other.word)
                    || other.combinesWith.contains(one.word)
            }
        }
    }

    private func begin(
        _ parameters: Parameters, _ words: Set<String>, _ grants: [GrantDeclaration], from given: Client?,
        _ head: RequestHead
    ) throws -> (request: AuthorizationRequest, names: UndeclaredNames) {
        let client = given ?? self.client(for: grants)
        host.clients.add(client)
        let declared = TestParameters.distinct(
            TestPlugin.standard + registry.flows.flatMap { $0.parameters }
                + registry.requestFilters.flatMap { $0.parameters })
        var sent = parameters.all
        let own = [
            ("response_type", words.sorted().joined(separator: " ")), ("client_id", client.id),
            ("redirect_uri", TestPlugin.redirectURI),
        ]
        for (name, value) in own where parameters[name] == nil { sent.append((name: name, value: value)) }
        let accepted = try TestParameters(declarations: declared).accept(Parameters(sent), reader: "the flow")
        guard grants.allSatisfy({ client.grants.contains($0.key) }) else {
            throw OAuthError(.unauthorizedClient, "the client may not use this response type")
        }
        let names = UndeclaredNames(declared: declared.map(\.name))
        let request = AuthorizationRequest(
            client: client, redirectURI: accepted["redirect_uri"] ?? TestPlugin.redirectURI, words: words,
            grants: grants, parameters: names.watching(accepted), head: head)
        return (request, names)
    }

    private func client(for grants: [GrantDeclaration]) -> Client {
        let added = registry.scopesOnRequest.union(registry.requiredScopes).sorted()
        return .test(
            id: "client-1", isPublic: grants.allSatisfy { $0.client == .identified },
            grants: Set(grants.map(\.key)), scope: Scope(["read", "write"] + added))
    }

    /// What the client may have of what it asks for.
    private func requested(_ parameters: Parameters, by client: Client) throws -> AccessLimits {
        var scope = client.scope.filter { !registry.scopesOnRequest.contains($0) }
        if let text = parameters["scope"] {
            scope = try Scope(parsing: text).filter { client.scope.contains($0) }
            guard !scope.words.isEmpty else {
                throw OAuthError(.invalidScope, "the client may have none of the requested scopes")
            }
        }
        return AccessLimits(scope: scope, audience: parameters.values("audience"))
    }

    // MARK: filters

    private func filter(
        _ request: AuthorizationRequest, _ given: InteractionPolicy
    ) async throws -> InteractionPolicy {
        var policy = given
        for filter in registry.requestFilters {
            let former = policy
            try await filter.apply(request, &policy)
            guard policy.limits.allowNoMore(than: former.limits) else {
                throw HostRefusal(
                    "a request filter allows more than it was given: narrow the limits that it gets, with "
                        + "keep(scope:), keep(audience:), end(by:) and forbidRefresh()")
            }
            try check(policy.consent, after: former.consent)
        }
        return policy
    }

    private func check(_ consent: ConsentTerms, after former: ConsentTerms) throws {
        let isKept = zip(consent.warnings, former.warnings).allSatisfy {
            $0.text == $1.text && $0.values == $1.values
        }
        guard isKept, consent.warnings.count >= former.warnings.count,
            consent.isAskedEachTime || !former.isAskedEachTime
        else {
            throw HostRefusal(
                "a request filter removes consent terms that another one added: only add to the terms that it gets, "
                    + "with askEachTime() and add(_:)")
        }
        let keys = registry.keys
        let unknown = consent.warnings.dropFirst(former.warnings.count).first { !keys.contains($0.text) }
        guard let unknown else { return }
        throw HostRefusal(
            "a request filter warns users with the string '\(unknown.text)', which the plugin does not have in "
                + "English: add it to the strings of one of its pages, with registry.add(page:template:texts:)")
    }
}
