// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a filter of authorization requests that runs in a process of its own.
struct IsolatedRequestFilter: AuthorizationRequestFilter {
    let parameters: [ParameterDeclaration]
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        self.role = IsolatedRole(role, of: caller)
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        let input: JSON = ["request": request.form, "policy": policy.form]
        policy = try await role.call("apply", input) { [policy] output in
            var tightened = policy
            try tightened.tighten(to: InteractionPolicy(form: output))
            return tightened
        }
    }
}
