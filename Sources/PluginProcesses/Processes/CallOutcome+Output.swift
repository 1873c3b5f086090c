// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension CallOutcome {
    /// The output of a call.
    ///
    /// - Throws: What the plugin threw.
    func output(of plugin: String) throws -> JSON {
        switch self {
        case .output(let output): return output
        case .refusal(let error): throw try OAuthError(form: error)
        case .unavailable(let what): throw StoreError("the plugin '\(plugin)' failed for now: \(what)")
        case .abandoned(let what): throw JobAbandoned(what)
        case .failure(let what): throw IsolatedFailure(description: what)
        }
    }
}

/// An error that a plugin in a process of its own threw.
struct IsolatedFailure: Error, CustomStringConvertible {
    let description: String
}
