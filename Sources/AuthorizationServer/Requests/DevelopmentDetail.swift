// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// The details of a server error, which responses show during development and otherwise only the log (decision 0051).
enum DevelopmentDetail {
    /// The longest description, in bytes.
    private static let longest = 1000

    /// The error that the sender gets: for `server_error`, with the plugin, the call and what is wrong.
    ///
    /// - Parameters:
    ///   - refusal: The error that the sender gets otherwise.
    ///   - error: The error that was thrown.
    /// - Returns: The error; anything but `server_error` is unchanged.
    static func added(to refusal: OAuthError, of error: any Error) -> OAuthError {
        guard refusal.code == .serverError else { return refusal }
        let text = ShownText.onOneLine(description(of: error, refusal))
        let cut = String(decoding: text.utf8.prefix(longest), as: UTF8.self)
        var detailed = OAuthError(
            .serverError, cut, reason: refusal.reason, headers: refusal.headers, status: refusal.status)
        detailed.plugin = refusal.plugin
        return detailed
    }

    private static func description(of error: any Error, _ refusal: OAuthError) -> String {
        switch error {
        case let failure as PluginFailure:
            return "the plugin '\(failure.plugin)' failed in \(failure.call): \(failure)"
        case is OAuthError, is RedirectRefusal, is PageRefusal:
            let text = refusal.reason ?? refusal.description
            return refusal.plugin.map { "the plugin '\($0)' failed: \(text)" } ?? text
        default: return "\(error)"
        }
    }
}
