// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The method `federated_jwt`: in place of an assertion of its own, a client sends a token that its platform has
/// issued to it (RFC 7521 section 4.2).
struct FederatedAuthenticator: ClientAuthenticator {
    static let method = "federated_jwt"
    private static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    let host: any PluginHost
    let check: AssertionCheck
    let attribute: ClientAttribute<FederatedIdentities>

    var methods: [AuthenticationMethod] {
        var method = AuthenticationMethod(
            FederatedAuthenticator.method, with: .other, algorithms: check.issuers.algorithms)
        method.attribute = attribute.name
        return [method]
    }
    let parameters = [
        ParameterDeclaration("client_assertion", longest: 8192, secret: true),
        ParameterDeclaration("client_assertion_type", longest: 256),
    ]

    /// The client that the request names beside a token of a trusted issuer, whose subject is no client identifier.
    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        guard let assertion = try assertion(in: request.parameters) else { return nil }
        guard let jwt = host.foreignKeys.unverified(assertion) else { throw refusal("it is not a signed JWT") }
        guard jwt.claims["iss"]?.string != jwt.claims["sub"]?.string else {
            throw refusal("its 'iss' and 'sub' are the same, as in the assertion of a client with keys")
        }
        do {
            _ = try check.issuer(of: jwt)
        } catch let problem as JWTRefusal {
            throw refusal(problem.reason)
        }
        guard let client = request.parameters["client_id"], !client.isEmpty else {
            throw refusal("the request has no 'client_id', which a token of another issuer needs beside it")
        }
        return ClientClaim(clientID: client, method: FederatedAuthenticator.method)
    }

    /// The assertion in a request; RFC 7521 section 4.2 requires both parameters.
    private func assertion(in parameters: Parameters) throws -> String? {
        let type = parameters["client_assertion_type"]
        guard let assertion = parameters["client_assertion"] else {
            guard type == nil else {
                throw OAuthError(.invalidRequest, "the parameter 'client_assertion' is missing")
            }
            return nil
        }
        guard let type else { throw OAuthError(.invalidRequest, "the parameter 'client_assertion_type' is missing") }
        guard type == FederatedAuthenticator.type else {
            throw OAuthError(.invalidClient, "the 'client_assertion_type' is not supported")
        }
        return assertion
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        let assertion = try request.parameters.required("client_assertion")
        do {
            guard let jwt = host.foreignKeys.unverified(assertion) else { throw JWTRefusal("it is not a signed JWT") }
            let issuer = try check.issuer(of: jwt)
            let subject = jwt.claims["sub"]?.string ?? ""
            guard client[attribute].contain(subject, of: issuer.name) else {
                throw JWTRefusal("its issuer and subject are not among '\(attribute.name)' of the client")
            }
            _ = try await check.verify(assertion, jwt, from: issuer, isAssertion: false, isUsedByCaller: false)
        } catch let problem as JWTRefusal {
            throw refusal(problem.reason, of: client)
        }
    }

    /// A refusal in the words of the server, so that nobody learns which clients exist.
    ///
    /// Only a client that exists is named in the log: anything else is what a stranger wrote.
    private func refusal(_ reason: String, of client: Client? = nil) -> OAuthError {
        let name = client.map { " of '\($0.id)'" } ?? ""
        return OAuthError(
            .invalidClient, "client authentication failed", reason: "federated assertion\(name): \(reason)")
    }
}
