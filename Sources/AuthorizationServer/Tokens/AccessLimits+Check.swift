// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension AccessLimits {
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
