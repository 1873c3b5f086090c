// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// An error that a plugin threw and that only the log shows, with the plugin and the call for the log (decision 0051).
struct PluginFailure: Error, CustomStringConvertible {
    /// The id of the plugin.
    let plugin: String
    /// The call that threw, as the kit names it.
    let call: String
    /// The error of the plugin.
    let error: any Error

    var description: String { "\(error)" }

    /// An error that passes out of a plugin's code, with the id of the plugin.
    ///
    /// Errors by which callers decide what to do keep their types: `OAuthError`, `StoreError`, `PluginUnavailable` and
    /// `PurposeSettled` decide the response, `JobAbandoned` drops a job, and after `CancellationError` nothing waits
    /// for a result. If an error already names a plugin, that stays: it is the plugin that threw, and others only let
    /// the error pass.
    static func named(_ error: any Error, _ plugin: String, _ call: String) -> any Error {
        switch error {
        case var error as OAuthError:
            error.plugin = error.plugin ?? plugin
            return error
        case var error as StoreError:
            error.plugin = error.plugin ?? plugin
            return error
        case is PluginFailure, is PluginMistake, is PluginUnavailable, is PurposeSettled, is JobAbandoned,
            is CancellationError:
            return error
        default: return PluginFailure(plugin: plugin, call: call, error: error)
        }
    }

    /// Runs code of a plugin, and names the plugin in the error that it throws; without an error it costs nothing.
    static func naming<Value>(
        _ plugin: String, _ call: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw named(error, plugin, call)
        }
    }

    /// The id of the plugin that an error names.
    static func plugin(of error: any Error) -> String? {
        switch error {
        case let failure as PluginFailure: failure.plugin
        case let mistake as PluginMistake: mistake.plugin
        case let unavailable as PluginUnavailable: unavailable.plugin
        case let error as OAuthError: error.plugin
        case let error as StoreError: error.plugin
        case let refusal as RedirectRefusal: refusal.error.plugin
        case let refusal as PageRefusal: refusal.error.plugin
        default: nil
        }
    }
}
