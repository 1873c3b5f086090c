// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of an authenticator of clients that runs in a process of its own.
///
/// It is asked only about requests that have one of its parameters, so all others do not wait for the process. It sees
/// only these parameters, since requests also have secrets, passwords, codes and refresh tokens of others.
struct IsolatedAuthenticator: ClientAuthenticator {
    /// Parameters of nearly every request, which are no reason to ask the process.
    private static let common = ["client_id", "client_secret", "grant_type", "scope"]

    let methods: [AuthenticationMethod]
    let parameters: [ParameterDeclaration]
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        methods = try form.list("methods", AuthenticationMethod.init(form:))
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        guard parameters.contains(where: IsolatedAuthenticator.isOwn) else {
            throw FormError("an authenticator without parameters of its own would be asked about every request")
        }
        self.role = IsolatedRole(role, of: caller)
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        guard parameters.contains(where: { Self.isOwn($0) && !request.parameters.values($0.name).isEmpty }) else {
            return nil
        }
        return try await role.call("claim", shown(request)) { $0 == .null ? nil : try ClientClaim(form: $0) }
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        var input = shown(request)
        (input["claim"], input["client"]) = (claim.form, client.form)
        try await role.call("prove", input) { _ in }
    }

    private static func isOwn(_ parameter: ParameterDeclaration) -> Bool { !common.contains(parameter.name) }

    /// The request with the parameters of the authenticator and the id of the client alone.
    private func shown(_ request: AuthenticationRequest) -> JSON {
        var form = request.form
        form["parameters"] = .pairs(
            request.parameters.all.filter { sent in
                sent.name == "client_id" || parameters.contains { $0.name == sent.name && Self.isOwn($0) }
            })
        return form
    }
}
