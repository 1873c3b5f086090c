// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension ConsentTerms {
    /// Checks what a plugin has made of the terms: it may only add to them, and only strings that it has.
    ///
    /// - Parameters:
    ///   - former: The terms before.
    ///   - plugin: The id of the plugin.
    ///   - capabilities: What the loaded plugins add.
    /// - Throws: `OAuthError` `server_error`, whose reason names the plugin and the string.
    func check(after former: ConsentTerms, of plugin: String, _ capabilities: Capabilities) throws {
        let keepsWarnings = warnings.starts(with: former.warnings, by: ConsentTerms.isSame)
        guard keepsWarnings, isAskedEachTime || !former.isAskedEachTime else {
            throw OAuthError(
                .serverError,
                reason: "the plugin '\(plugin)' removed consent terms that another plugin added; it must only add "
                    + "to the terms that it gets, with askEachTime() and add(_:)")
        }
        for warning in warnings.dropFirst(former.warnings.count)
        where capabilities.pageTexts[plugin]?[exactly: warning.text] == nil {
            throw OAuthError(
                .serverError,
                reason: "the plugin '\(plugin)' warns users with the string '\(warning.text)', which it does not have "
                    + "in English; add it to the strings of one of its pages, with registry.add(page:template:texts:)")
        }
    }

    private static func isSame(_ one: ConsentWarning, _ other: ConsentWarning) -> Bool {
        one.text == other.text && one.values == other.values
    }
}
