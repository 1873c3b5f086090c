// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a maker of tokens for other servers that runs in a process of its own.
struct IsolatedProduct: TokenProduct {
    let types: [String]
    let longestLife: Duration
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        types = try form.words("types")
        longestLife = try form.required("longest_life") { _ in try form.duration("longest_life") }
        self.role = IsolatedRole(role, of: caller)
    }

    func make(_ contents: TokenContents) async throws -> MintedToken {
        try await role.call("make", contents.form, MintedToken.init(form:))
    }
}
