// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a filter of token requests that runs in a process of its own.
struct IsolatedTokenFilter: TokenRequestFilter {
    let parameters: [ParameterDeclaration]
    /// The grants of its plugin.
    private let grants: [IsolatedGrant]
    private let role: IsolatedRole
    private let admits: Bool
    private let narrows: Bool

    /// Makes the stand-in of a filter of a plugin that adds these grants.
    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?, beside grants: [IsolatedGrant]) throws {
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        self.grants = grants
        admits = form["admits"]?.bool ?? true
        narrows = form["narrows"]?.bool ?? true
        self.role = IsolatedRole(role, of: caller)
    }

    func admit(_ request: TokenRequest) async throws {
        guard admits else { return }
        try await role.call("admit", ["request": shown(request)]) { _ in }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        guard narrows else { return }
        let input: JSON = [
            "limits": limits.form, "authorization": authorization.shown, "request": shown(request),
        ]
        try limits.narrow(to: await role.call("narrow", input, AccessLimits.init(form:)))
    }

    /// A request with the secrets that the filter itself declares, or the grant of the request if it is of its plugin.
    private func shown(_ request: TokenRequest) -> JSON {
        let own = grants.filter { $0.declaration == request.grant }.flatMap(\.parameters)
        return request.form(showing: parameters + own)
    }
}
