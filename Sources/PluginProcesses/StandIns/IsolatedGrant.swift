// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a grant that runs in a process of its own.
struct IsolatedGrant: TokenGrant {
    let declaration: GrantDeclaration
    let parameters: [ParameterDeclaration]
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        declaration = try GrantDeclaration(form: form)
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        self.role = IsolatedRole(role, of: caller)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        try await role.call("authorize", request.form, Authorization.init(form:))
    }
}
