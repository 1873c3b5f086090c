// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a filter of token requests that runs in a process of its own.
struct IsolatedTokenFilter: TokenRequestFilter {
    let parameters: [ParameterDeclaration]
    private let role: IsolatedRole
    private let admits: Bool
    private let narrows: Bool

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        admits = form["admits"]?.bool ?? true
        narrows = form["narrows"]?.bool ?? true
        self.role = IsolatedRole(role, of: caller)
    }

    func admit(_ request: TokenRequest) async throws {
        guard admits else { return }
        try await role.call("admit", ["request": request.form(showing: parameters)]) { _ in }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        guard narrows else { return }
        let input: JSON = [
            "limits": limits.form, "authorization": authorization.shown,
            "request": request.form(showing: parameters),
        ]
        try limits.narrow(to: await role.call("narrow", input, AccessLimits.init(form:)))
    }
}
