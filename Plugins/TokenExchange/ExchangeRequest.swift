// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The parameters of a token exchange (RFC 8693 section 2.1).
struct ExchangeRequest {
    static let parameters = [
        ParameterDeclaration("subject_token", required: true, longest: 8192, secret: true),
        ParameterDeclaration("subject_token_type", required: true, longest: 256),
        ParameterDeclaration("actor_token", longest: 8192, secret: true),
        ParameterDeclaration("actor_token_type", longest: 256),
        ParameterDeclaration("requested_token_type", longest: 256),
        ParameterDeclaration("resource", repeatable: true),
    ]

    let request: TokenRequest
    let subject: String
    let subjectType: ExchangeType
    let actor: (token: String, type: ExchangeType)?
    let result: ExchangeType
    /// The values of `resource`, each once.
    let resources: [String]

    /// Reads a request.
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    init(_ request: TokenRequest) throws {
        let parameters = request.parameters
        self.request = request
        subject = try parameters.required("subject_token")
        subjectType = try ExchangeRequest.type(
            "subject_token_type", of: try parameters.required("subject_token_type"),
            among: ExchangeType.subjects + [.foreign])
        actor = try ExchangeRequest.actor(in: parameters)
        result = try ExchangeRequest.type(
            "requested_token_type",
            of: parameters["requested_token_type"] ?? ExchangeType.accessToken.identifier, among: ExchangeType.results)
        resources = try ExchangeRequest.resources(in: parameters)
    }

    /// The most resources of a request, as many as a request can name audiences.
    private static let mostResources = 32

    private static func resources(in parameters: Parameters) throws -> [String] {
        let named = parameters.values("resource")
        guard named.count <= mostResources else {
            throw OAuthError.target("a request can name at most \(mostResources) resources")
        }
        var resources: [String] = []
        for resource in named where !resources.contains(resource) { resources.append(resource) }
        return resources
    }

    private static func actor(in parameters: Parameters) throws -> (token: String, type: ExchangeType)? {
        guard let token = parameters["actor_token"] else {
            guard parameters["actor_token_type"] == nil else {
                throw OAuthError(.invalidRequest, "the parameter 'actor_token_type' needs 'actor_token' beside it")
            }
            return nil
        }
        let type = try type(
            "actor_token_type", of: try parameters.required("actor_token_type"), among: ExchangeType.actors)
        return (token, type)
    }

    private static func type(
        _ name: String, of identifier: String, among known: [ExchangeType]
    ) throws -> ExchangeType {
        guard let type = ExchangeType(identifier: identifier), known.contains(type) else {
            throw OAuthError(.invalidRequest, "the '\(name)' is not supported")
        }
        return type
    }

    var client: Client { request.client }

    /// The audiences that the request names; for an access token, a resource is one too.
    var audience: [String] {
        let named = request.parameters.values("audience")
        return named.isEmpty && result == .accessToken ? resources : named
    }

    /// Checks that no resource is ignored: an access token must be for each of them.
    ///
    /// - Throws: `OAuthError` `invalid_target`.
    func checkResources(in audience: [String]) throws {
        guard resources.allSatisfy(audience.contains) else {
            throw OAuthError.target("a 'resource' is not among the audiences of the token; name it as 'audience'")
        }
    }
}
