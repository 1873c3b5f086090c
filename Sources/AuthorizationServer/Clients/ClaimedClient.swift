// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The claim of a request to come from a client, with the authenticator that found and will prove it.
struct ClaimedClient {
    let claim: ClientClaim
    private let authenticator: Owned<any ClientAuthenticator>
    private let request: AuthenticationRequest

    /// Asks all authenticators for a claim.
    ///
    /// Several plugins can read the same parameter, such as `client_assertion`. If one of them refuses what it finds
    /// there, another one may still claim it.
    ///
    /// - Returns: The claim; nil if there is none.
    /// - Throws: `OAuthError` `invalid_request` for two claims or claims of two clients; what the authenticators throw.
    static func find(
        _ head: RequestHead, _ parameters: Parameters, among authenticators: [Owned<any ClientAuthenticator>]
    ) async throws -> ClaimedClient? {
        var found: ClaimedClient?
        var refusals: [(by: Owned<any ClientAuthenticator>, error: OAuthError)] = []
        for authenticator in authenticators {
            let request = AuthenticationRequest(head: head, parameters: authenticator.watched(parameters))
            do {
                guard let claim = try await claim(of: request, by: authenticator) else { continue }
                guard found == nil else { throw ClaimedClient.twoMethods }
                found = ClaimedClient(claim: claim, authenticator: authenticator, request: request)
            } catch let error as OAuthError where error.code == .invalidClient {
                refusals.append((authenticator, error))
            }
        }
        for refusal in refusals where !(found?.reads(parameters, of: refusal.by) ?? false) { throw refusal.error }
        try found?.checkAlone(head, parameters)
        return found
    }

    /// Whether the claim may be in a parameter of the request that another authenticator reads too.
    private func reads(_ parameters: Parameters, of other: Owned<any ClientAuthenticator>) -> Bool {
        let names = authenticator.role.parameters.map(\.name)
        return other.role.parameters.contains { shared in
            names.contains(shared.name) && parameters.all.contains { $0.name == shared.name }
        }
    }

    /// Refuses a request with another method beside the claim (RFC 6749 section 2.3: at most one), or another client.
    private func checkAlone(_ head: RequestHead, _ parameters: Parameters) throws {
        guard head[header: "authorization"] == nil, parameters["client_secret"] == nil else {
            throw ClaimedClient.twoMethods
        }
        if let id = parameters["client_id"], id != claim.clientID {
            throw OAuthError(.invalidRequest, "the request names two clients")
        }
    }

    private static func claim(
        of request: AuthenticationRequest, by authenticator: Owned<any ClientAuthenticator>
    ) async throws -> ClientClaim? {
        try await authenticator.call("ClientAuthenticator.claim") { role in
            let claim = try await role.claim(in: request)
            guard let claim, !role.methods.contains(where: { $0.name == claim.method }) else { return claim }
            throw PluginMistake(
                "the plugin '\(authenticator.plugin)' claims a client by the method '\(claim.method)', which is not "
                    + "among the methods of its ClientAuthenticator",
                of: authenticator.plugin)
        }
    }

    /// Has the claim proved.
    ///
    /// - Throws: What the authenticator throws, `OAuthError` `invalid_client` for a claim that is not proved.
    func prove(_ client: Client) async throws {
        try await authenticator.call("ClientAuthenticator.prove") { role in
            try await role.prove(claim, of: client, in: request)
        }
    }

    static let twoMethods = OAuthError(.invalidRequest, "the client uses two authentication methods")
}
