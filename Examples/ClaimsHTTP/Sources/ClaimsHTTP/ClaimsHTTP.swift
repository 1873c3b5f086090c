// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Asks a service of yours for the claims of access tokens and introspection responses.
struct ClaimsHTTP: Plugin, ClaimsSource {
    static let manifest = PluginManifest(
        id: "claims-http", summary: "asks a service for the claims of access tokens", specification: "")

    let claims: [String]
    let destinations: Set<ClaimsDestination> = [.accessToken, .introspection]
    private let host: any PluginHost
    private let url: String
    private let credential: String
    private let isOptional: Bool
    private let cache: ClaimsCache

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        url = try settings.read("url", example: "https://claims.example.com/claims", "the address of the service")
        credential = settings.read(
            "credential", default: "", "the bearer token that the service knows this server by")
        claims = try settings.read("claims", example: ["tier"], "the claims that the service may give")
        isOptional = settings.read(
            "optional", default: false, "whether tokens are issued without the claims while the service is down")
        let span = settings.read(
            "cache", default: .seconds(60), in: .zero ... .seconds(86400), "how long an answer is kept")
        cache = ClaimsCache(keepingFor: span)
        guard credential.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw ConfigurationError("'credential' must be printable ASCII without spaces", at: "credential")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(claims: self)
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        let question = ClaimsHTTP.question(request)
        if let known = cache.find(question, now: host.now) { return known }
        do {
            let reply = try await host.outbound.send(outbound(question))
            let given = allowed(try ClaimsHTTP.members(of: reply))
            cache.keep(given, for: question, now: host.now)
            return given
        } catch let error as OutboundError {
            guard !isOptional else { return [] }
            throw OAuthError(
                .temporarilyUnavailable, "the claims of the token cannot be read", reason: "claims-http: \(error)")
        }
    }

    /// The claims that the service may give.
    private func allowed(_ answer: [JSON.Member]) -> [JSON.Member] {
        let dropped = answer.map(\.name).filter { !claims.contains($0) }
        if !dropped.isEmpty {
            // Only the names, because the values are about a person.
            host.log.debug("claims of the service were dropped", ["claims": dropped.joined(separator: " ")])
        }
        return answer.filter { claims.contains($0.name) }
    }

    /// What the service is asked, as JSON: the same for every token that gets the same claims.
    private static func question(_ request: ClaimsRequest) -> String {
        var question: JSON = ["client_id": .string(request.client.id)]
        // Of the subject, since there is no user if a plugin has granted access to somebody whom the server does not know.
        if case .user(let id) = request.authorization.subject { question["sub"] = .string(id) }
        question["scope"] = .string(request.scope.description)
        question["audience"] = .strings(request.authorization.limits.audience)
        return question.text
    }

    private func outbound(_ question: String) -> OutboundRequest {
        var request = OutboundRequest("POST", url, body: Array(question.utf8))
        request.headers = [("content-type", "application/json"), ("accept", "application/json")]
        if !credential.isEmpty { request.headers.append(("authorization", "Bearer \(credential)")) }
        return request
    }

    private static func members(of reply: OutboundReply) throws -> [JSON.Member] {
        guard reply.status == 200 else { throw OutboundError("the service answered with the status \(reply.status)") }
        guard case .object(let members)? = try? JSON(parsing: reply.body) else {
            throw OutboundError("the service did not answer with a JSON object")
        }
        return members
    }
}

/// The handshake, which the server reads before it loads this library.
@c(claims_http_plugin_abi) public func claimsHTTPPluginABI() -> UnsafeRawPointer? { unsafe grantor_plugin_abi() }

/// Passes the plugin's type to the server.
@c(claims_http_plugin_make) public func claimsHTTPPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(ClaimsHTTP.self)
}
