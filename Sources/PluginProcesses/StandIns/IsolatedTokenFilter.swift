// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a filter of token requests that runs in a process of its own.
struct IsolatedTokenFilter: TokenRequestFilter {
    let parameters: [ParameterDeclaration]
    /// The parameters of the plugin, whose secrets it is shown.
    private let shown: [ParameterDeclaration]
    private let role: IsolatedRole
    private let admits: Bool
    private let narrows: Bool

    /// Makes the stand-in of a filter of a plugin that adds grants with these parameters.
    init(
        _ form: JSON, role: Int, of caller: (any PluginCaller)?, besideGrantsWith others: [ParameterDeclaration]
    ) throws {
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        shown = parameters + others
        admits = form["admits"]?.bool ?? true
        narrows = form["narrows"]?.bool ?? true
        self.role = IsolatedRole(role, of: caller)
    }

    func admit(_ request: TokenRequest) async throws {
        guard admits else { return }
        try await role.call("admit", ["request": request.form(showing: shown)]) { _ in }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        guard narrows else { return }
        let input: JSON = [
            "limits": limits.form, "authorization": authorization.shown,
            "request": request.form(showing: shown),
        ]
        try limits.narrow(to: await role.call("narrow", input, AccessLimits.init(form:)))
    }
}
