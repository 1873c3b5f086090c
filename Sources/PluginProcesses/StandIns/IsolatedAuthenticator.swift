// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of an authenticator of clients that runs in a process of its own.
///
/// It is asked only about requests that have one of its parameters, so all others do not wait for the process.
struct IsolatedAuthenticator: ClientAuthenticator {
    let methods: [AuthenticationMethod]
    let parameters: [ParameterDeclaration]
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        methods = try form.list("methods", AuthenticationMethod.init(form:))
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        guard !parameters.isEmpty else {
            throw FormError("an authenticator without parameters would be asked about every request")
        }
        self.role = IsolatedRole(role, of: caller)
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        guard parameters.contains(where: { !request.parameters.values($0.name).isEmpty }) else { return nil }
        return try await role.call("claim", request.form) { $0 == .null ? nil : try ClientClaim(form: $0) }
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        var input = request.form
        (input["claim"], input["client"]) = (claim.form, client.form)
        try await role.call("prove", input) { _ in }
    }
}
