// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The introspection endpoint, which tells a resource server what a token is good for (RFC 7662).
struct Introspection: Plugin, Endpoint {
    static let manifest = PluginManifest(
        id: "introspection", summary: "tells a resource server what a token is good for", specification: "RFC 7662")

    let route = Route(["POST"], "/introspect", metadata: "introspection_endpoint")
    let admission = Admission.client(.confidential)
    let parameters = [
        ParameterDeclaration("token", required: true, longest: 8192, secret: true),
        ParameterDeclaration("token_type_hint", longest: 64),
    ]
    private let host: any PluginHost
    private let resources: ClientAttribute<[String]>

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        resources = settings.clientAttribute(
            "resources", default: [],
            "the audiences whose tokens this client, a resource server, may introspect")
    }

    func register(in registry: inout Registry) {
        registry.add(endpoint: self)
    }

    /// Describes a token; a caller without the right to know gets the same response as for a token that does not exist
    /// (RFC 7662 section 2.2).
    func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
        guard let token = try await host.tokens.resolve(request.parameters.required("token")) else {
            return Introspection.inactive
        }
        let isResourceServer = isResourceServer(request.caller, of: token)
        guard isResourceServer || isOwn(token, of: request.caller),
            let client = try await host.clients.usable(token.clientID)
        else { return Introspection.inactive }
        var answer = describe(token)
        answer["username"] = try await userName(token, for: request.caller).map(JSON.string)
        if isResourceServer || speaksForItself(token, of: request.caller) {
            let given = try await claims(token, of: client)
            for claim in given where answer[claim.name] == nil { answer[claim.name] = claim.value }
        }
        return EndpointResponse(answer)
    }

    private static let inactive = EndpointResponse(["active": false])

    /// Whether a token is an access token of a client that acts for itself.
    ///
    /// Such a client gets the claims of sources, as resource servers do. A client with a token for a user gets none,
    /// since the user has not allowed it to know them.
    private func speaksForItself(_ token: ResolvedToken, of caller: Client) -> Bool {
        token.kind == .access && token.authorization.subject == .client(caller.id)
    }

    /// The claims that sources give for an access token, without those that describe the token itself.
    private func claims(_ token: ResolvedToken, of client: Client) async throws -> [JSON.Member] {
        let authorization = token.authorization
        return try await host.access.claims(
            for: authorization, client: client, scope: authorization.scope, to: .introspection
        ).filter { !Introspection.reserved.contains($0.name) }
    }

    /// The user's `userName`, or the id if there is none.
    ///
    /// The client of the token gets the name only if userinfo would return it too, since that is what the user allowed.
    /// A resource server always gets it.
    private func userName(_ token: ResolvedToken, for caller: Client) async throws -> String? {
        let authorization = token.authorization
        guard case .user(let id) = authorization.subject, let user = try await host.users.find(id) else { return nil }
        guard token.clientID == caller.id else { return user.document["userName"]?.string ?? id }
        guard user.isActive else { return id }
        let told = try await host.access.claims(
            for: authorization, client: caller, scope: authorization.scope, to: .userinfo)
        return told.first { $0.name == "preferred_username" }?.value.string ?? id
    }

    private func isOwn(_ token: ResolvedToken, of caller: Client) -> Bool {
        (token.kind == .access || token.kind == .refresh) && token.clientID == caller.id
    }

    /// Whether a token is an access token for the caller.
    private func isResourceServer(_ caller: Client, of token: ResolvedToken) -> Bool {
        let audience = token.authorization.limits.audience
        guard token.kind == .access, !audience.isEmpty else { return false }
        return audience.contains(caller.id) || caller[resources].contains(where: audience.contains)
    }

    /// The members defined by RFC 7662 section 2.2 and related specifications, which claims never set, even if absent.
    private static let reserved: Set<String> = [
        "active", "scope", "client_id", "username", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "jti",
        "auth_time", "acr", "amr", "act", "may_act", "cnf", "sid",
    ]

    private func describe(_ token: ResolvedToken) -> JSON {
        let authorization = token.authorization
        let audience = authorization.limits.audience
        var members: [JSON.Member] = [
            .init("active", true), .init("iss", .string(host.issuer)), .init("sub", .string(authorization.subject.id)),
            .init("client_id", .string(token.clientID)), .init("iat", .integer(token.issuedAt.seconds)),
            .init("exp", .integer(token.expiresAt.seconds)), .init("jti", .string(token.id)),
        ]
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(.init(name, value)) }
        }
        add("scope", authorization.scope.words.isEmpty ? nil : .string(authorization.scope.description))
        add("token_type", token.kind == .access ? .string(authorization.confirmation?.tokenType ?? "Bearer") : nil)
        add("aud", audience.count > 1 ? .strings(audience) : audience.first.map(JSON.string))
        add("auth_time", (authorization.authenticatedAt?.seconds).map(JSON.integer))
        add("acr", authorization.acr.map(JSON.string))
        add("amr", authorization.amr.isEmpty ? nil : .strings(authorization.amr))
        add("act", authorization.actor)
        add("may_act", authorization.mayAct)
        add("cnf", authorization.confirmation.map { .object([.init($0.method, .string($0.value))]) })
        members += authorization.claims.members.filter { !Introspection.reserved.contains($0.name) }
        return .object(members)
    }
}

/// The handshake that the server reads before it loads this library.
@c(introspection_plugin_abi)
public func introspectionPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(introspection_plugin_make)
public func introspectionPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(Introspection.self)
}
