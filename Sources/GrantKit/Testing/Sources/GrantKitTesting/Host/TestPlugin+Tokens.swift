// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// The parameters that the core reads in each token request.
    private static let common = [
        ParameterDeclaration("scope", longest: 4096),
        ParameterDeclaration("audience", repeatable: true),
    ]

    /// Sends a request to the token endpoint.
    ///
    /// - Parameters:
    ///   - grantType: The value of `grant_type`.
    ///   - parameters: The other parameters, as the client sends them.
    ///   - client: The client; by default one that may use the grant, with the scope `read write`.
    ///   - head: The request without its body.
    /// - Returns: The response.
    /// - Throws: `OAuthError` as the client gets it; `HostRefusal` for a mistake of the plugin that a server would
    ///   answer with `server_error`; `StoreError`; and every other error of the plugin.
    public func token(
        _ grantType: String, _ parameters: Parameters = [:], from client: Client? = nil,
        head: RequestHead = RequestHead(method: "POST", path: "/auth/token", address: "192.0.2.7")
    ) async throws -> TestToken {
        let grant = try grant(grantType)
        let declared = TestPlugin.common + grant.parameters + registry.tokenFilters.flatMap(\.parameters)
        let accepted = try TestParameters(declarations: declared).accept(parameters, reader: "the grant")
        let names = UndeclaredNames(declared: declared.map(\.name))
        let client = client ?? TestPlugin.client(for: grant.declaration)
        host.clients.add(client)
        let request = TokenRequest(
            grant: grant.declaration, client: client, parameters: names.watching(accepted), head: head,
            allowed: try await host.access.limits(accepted, for: client, under: grant.declaration))
        try await filter(request) { try await $0.admit($1) }
        for number in 0..<3 {
            let token = try await names.during(TestPlugin.undeclared) {
                try await decide(grant, request, isRepeated: number > 0)
            }
            if let token { return token }
        }
        throw OAuthError(.temporarilyUnavailable, "the request met too many others")
    }

    /// A client that may use a grant.
    public static func client(for grant: GrantDeclaration) -> Client {
        .test(
            id: "client-1", isPublic: grant.client == .identified, grants: [grant.key],
            scope: ["read", "write"])
    }

    private static func undeclared(_ name: String) -> String {
        "the grant reads the parameter '\(name)', which it does not declare: correct the name, or add it to its "
            + "parameters"
    }

    private func grant(_ wire: String) throws -> any TokenGrant {
        guard let grant = registry.grants.first(where: { $0.declaration.wire == wire }) else {
            throw OAuthError(.unsupportedGrantType, "the plugin has no grant '\(wire)'")
        }
        return grant
    }

    /// Lets the grant decide, and commits what follows.
    ///
    /// - Returns: The response; nil if the grant must decide again.
    private func decide(
        _ grant: any TokenGrant, _ request: TokenRequest, isRepeated: Bool
    ) async throws -> TestToken? {
        let decided = try await grant.authorize(request)
        try check(decided, for: request)
        return try await respond(to: request, granting: decided, isRepeated: isRepeated)
    }

    /// Checks what a server checks of a decision.
    private func check(_ decided: Authorization, for request: TokenRequest) throws {
        if decided.limits.notAfter.map({ $0 <= host.clock.now }) ?? false {
            throw OAuthError.invalidGrant(reason: "its limits have ended")
        }
        let redeems = decided.writes.contains { if case .redeem = $0 { true } else { false } }
        if redeems, decided.grantID == nil {
            throw HostRefusal(
                "the grant redeems a record and sets no grantID, so a replay would end nothing: make one with "
                    + "host.random(bytes: 16) when the record is created, and keep it there")
        }
        if let derivation = decided.derivation, !derivation.isKept(in: decided) {
            throw HostRefusal(
                "the grant changed what it has derived from a token; it must only narrow the limits, and add an actor, "
                    + "attachments and writes")
        }
        if case .client(let id) = decided.subject, id != request.client.id {
            throw HostRefusal("the subject is the client '\(id)', but '\(request.client.id)' made the request")
        }
    }
}
