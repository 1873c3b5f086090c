// SPDX-License-Identifier: Apache-2.0

/// What a reload does when the value of a top-level key has changed.
public struct ReloadRule: Sendable {
    /// The effect of a change.
    public enum Effect: Sendable {
        /// The new value applies from the next request.
        case applies
        /// The reload warns and keeps the old value until a restart; the rest of the file is applied.
        case warns
        /// The reload refuses the whole file.
        case refuses
    }

    /// The key.
    public let key: String
    /// The effect of a change.
    public let effect: Effect
    /// Whether the key's value differs between two configurations; always false if changes apply.
    public let isChanged: @Sendable (_ former: Configuration, _ next: Configuration) -> Bool

    /// The rules, one for each top-level key.
    ///
    /// Changes of the store and of plugin libraries are checked where plugins are loaded.
    public static let all = [
        applies("clients"), applies("default_token_format"), applies("keys"), applies("outbound"),
        applies("pages"), applies("paths"), applies("plugin_path"), applies("plugins"), applies("scopes"),
        applies("sessions"), applies("users"),
        keeps("log", .warns) { [$0.logLevel, $0.logFormat] },
        keeps("shutdown_limit", .warns) { $0.shutdownLimit },
        keeps("issuer", .refuses) { $0.issuer },
        keeps("listen", .refuses) { $0.listen },
        keeps("monitoring", .refuses) { $0.monitoring },
    ]

    private static func applies(_ key: String) -> ReloadRule {
        ReloadRule(key: key, effect: .applies, isChanged: { _, _ in false })
    }

    private static func keeps<Value: Equatable & Sendable>(
        _ key: String, _ effect: Effect, _ value: @escaping @Sendable (Configuration) -> Value
    ) -> ReloadRule {
        ReloadRule(key: key, effect: effect, isChanged: { value($0) != value($1) })
    }
}
