// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension AccessLimits {
    /// Whether these limits allow nothing that others do not allow.
    func isWithin(_ others: AccessLimits) -> Bool {
        scope.words.allSatisfy { others.scope.contains($0) } && hasAudience(within: others.audience)
            && (others.mayRefresh || !mayRefresh) && ends(by: others.notAfter)
    }

    /// An empty audience means everything that the client is for, so only an empty one contains it.
    private func hasAudience(within others: [String]) -> Bool {
        others.isEmpty || !audience.isEmpty && audience.allSatisfy { others.contains($0) }
    }

    private func ends(by moment: Timestamp?) -> Bool {
        guard let moment else { return true }
        return notAfter.map { $0 <= moment } ?? false
    }

    /// Checks what a filter has made of limits, because a plugin could replace them instead of narrowing them.
    ///
    /// - Throws: `OAuthError` `server_error`, whose reason names the plugin.
    func checkWithin(_ former: AccessLimits, plugin: String) throws {
        guard !isWithin(former) else { return }
        throw OAuthError(
            .serverError,
            reason: "a filter of the plugin '\(plugin)' returned limits that allow more than before; it must only "
                + "narrow the limits that it gets, with keep(scope:), keep(audience:), end(by:) and forbidRefresh()")
    }
}
