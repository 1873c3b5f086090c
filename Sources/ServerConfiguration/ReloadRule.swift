// SPDX-License-Identifier: Apache-2.0

/// What a reload does about a top-level key of the file whose value has changed.
public struct ReloadRule: Sendable {
    /// What it does.
    public enum Effect: Sendable {
        /// The new value is served from the next request.
        case applies
        /// It warns and keeps the former value until the restart; the rest of the file is applied.
        case warns
        /// It refuses the whole file.
        case refuses
    }

    /// The key.
    public let key: String
    /// What a reload does about it.
    public let effect: Effect
    /// Whether two configurations differ in it; false where a change is simply applied.
    public let isChanged: @Sendable (_ former: Configuration, _ next: Configuration) -> Bool

    /// One rule for each key that a file may have.
    ///
    /// The store, and the libraries of plugins, are looked at where plugins are loaded.
    public static let all = [
        applies("clients"), applies("default_token_format"), applies("keys"), applies("pages"), applies("paths"),
        applies("plugin_path"), applies("plugins"), applies("scopes"), applies("sessions"), applies("users"),
        keeps("log", .warns) { [$0.logLevel, $0.logFormat] },
        keeps("outbound", .warns) { $0.outboundNetworks },
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
