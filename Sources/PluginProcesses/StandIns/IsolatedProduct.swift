// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a maker of tokens for other servers that runs in a process of its own.
struct IsolatedProduct: TokenProduct {
    /// The longest life, in seconds: a hundred years.
    private static let longest: Int64 = 100 * 366 * 86400

    let types: [String]
    let longestLife: Duration
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        types = try form.words("types")
        let seconds = try form.required("longest_life", \.integer)
        guard 0...IsolatedProduct.longest ~= seconds else {
            throw FormError("'longest_life' must be from 0 to \(IsolatedProduct.longest) seconds")
        }
        longestLife = .seconds(seconds)
        self.role = IsolatedRole(role, of: caller)
    }

    func make(_ contents: TokenContents) async throws -> MintedToken {
        try await role.call("make", contents.form, MintedToken.init(form:))
    }
}
