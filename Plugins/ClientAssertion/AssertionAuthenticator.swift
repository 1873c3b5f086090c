// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The methods `private_key_jwt` and `client_secret_jwt` (OpenID Connect Core section 9).
struct AssertionAuthenticator: ClientAuthenticator {
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// The `typ` of an assertion that follows RFC 10070.
    private static let updated = "client-authentication+jwt"
    private static let tokenEndpoint = Route(["POST"], "/token")

    let host: any PluginHost
    let algorithms: SigningAlgorithms
    let accepted: AssertionMethods
    let longestLife: Duration
    let ownAlgorithms: ClientAttribute<SigningAlgorithms>
    let audience: ClientAttribute<String>

    var methods: [AuthenticationMethod] {
        let key = AuthenticationMethod(AssertionMethods.key, with: .keys, algorithms: algorithms.names)
        let secret = AuthenticationMethod(
            AssertionMethods.secret, with: .readableSecret, algorithms: SigningAlgorithms.symmetric.names)
        return (accepted.hasKey ? [key] : []) + (accepted.hasSecret ? [secret] : [])
    }
    let parameters = [
        ParameterDeclaration("client_assertion", longest: 8192, secret: true),
        ParameterDeclaration("client_assertion_type", longest: 256),
    ]

    /// The client that an assertion names; RFC 7521 section 4.2 requires both parameters.
    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        let type = request.parameters["client_assertion_type"]
        guard let assertion = request.parameters["client_assertion"] else {
            guard type == nil else {
                throw OAuthError(.invalidRequest, "the parameter 'client_assertion' is missing")
            }
            return nil
        }
        guard let type else { throw OAuthError(.invalidRequest, "the parameter 'client_assertion_type' is missing") }
        guard type == AssertionAuthenticator.type else {
            throw OAuthError(.invalidClient, "the 'client_assertion_type' is not supported")
        }
        guard let jwt = host.foreignKeys.unverified(assertion) else { throw refusal("it is not a signed JWT") }
        guard let client = jwt.claims["sub"]?.string, !client.isEmpty, jwt.claims["iss"]?.string == client else {
            throw refusal("its 'iss' and 'sub' must both be the identifier of the client")
        }
        return ClientClaim(clientID: client, method: try method(of: jwt))
    }

    /// The method that an assertion uses, by its algorithm.
    private func method(of jwt: UnverifiedJWT) throws -> String {
        let isCode = SigningAlgorithms.symmetric.contains(jwt.header["alg"]?.string ?? "")
        guard isCode ? accepted.hasSecret : accepted.hasKey else {
            throw refusal("the setting 'methods' of the plugin does not allow its method")
        }
        return isCode ? AssertionMethods.secret : AssertionMethods.key
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        let assertion = try request.parameters.required("client_assertion")
        let keys: KeySource = claim.method == AssertionMethods.key ? .client(client) : .secret(client)
        do {
            _ = try await host.foreignKeys.verify(assertion, by: keys, rules(for: assertion, claim.method, of: client))
        } catch let problem as JWTRefusal {
            throw refusal(problem.reason + hint(about: assertion, of: client), of: client)
        } catch let problem as OutboundError {
            throw refusal("the keys of the client cannot be fetched: \(problem)", of: client)
        }
    }

    // MARK: rules

    private func rules(for assertion: String, _ method: String, of client: Client) -> JWTRules {
        let isForTokenEndpoint = mayNameTokenEndpoint(client) && namesTokenEndpoint(assertion)
        // An assertion of the new type is always for the issuer.
        let types = ["JWT"] + (isForTokenEndpoint ? [] : [AssertionAuthenticator.updated])
        var rules = JWTRules(types: types, issuer: client.id)
        rules.audience = [isForTokenEndpoint ? tokenURL : host.issuer]
        rules.isTypeOptional = true
        rules.subject = client.id
        let usable = method == AssertionMethods.key ? algorithms : SigningAlgorithms.symmetric
        rules.algorithms = usable.restricted(to: client[ownAlgorithms])
        rules.required = ["iss", "sub", "aud", "exp", "jti"]
        rules.longestLife = longestLife
        rules.isSingleUse = true
        return rules
    }

    private func mayNameTokenEndpoint(_ client: Client) -> Bool {
        client[audience] == AssertionAudience.tokenEndpoint
    }

    /// Whether the audience of an assertion is the token endpoint, as older clients have it.
    private func namesTokenEndpoint(_ assertion: String) -> Bool {
        (host.foreignKeys.unverified(assertion)?.claims["aud"]?.strings ?? []).contains(tokenURL)
    }

    /// What the log adds to a refusal, because the most common mistake is the audience.
    private func hint(about assertion: String, of client: Client) -> String {
        guard !mayNameTokenEndpoint(client), namesTokenEndpoint(assertion) else { return "" }
        return "; its 'aud' is the token endpoint, but must be the issuer. If the client cannot be changed, set "
            + "'assertion_audience: token_endpoint' on it"
    }

    private var tokenURL: String { host.address(of: AssertionAuthenticator.tokenEndpoint) }

    /// A refusal in the words of the server, so that nobody learns which clients exist and what they authenticate with.
    ///
    /// Only a client that exists is named in the log: anything else is what a stranger wrote.
    private func refusal(_ reason: String, of client: Client? = nil) -> OAuthError {
        let name = client.map { " of '\($0.id)'" } ?? ""
        return OAuthError(.invalidClient, "client authentication failed", reason: "client assertion\(name): \(reason)")
    }
}
