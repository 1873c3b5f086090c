// SPDX-License-Identifier: Apache-2.0

/// A rule of the kit, ready to be checked for one plugin.
///
/// Run each as one test: `@Test(arguments: plugin.checks) func keeps(_ check: PluginCheck) async throws { try await
/// check.run() }`.
public struct PluginCheck: Sendable, CustomStringConvertible {
    /// What the rule is about.
    public let role: Role
    /// The rule, as a sentence.
    public let rule: String
    /// Runs the check.
    ///
    /// It throws a `ConformanceFailure` if the plugin breaks the rule.
    public let run: @Sendable () async throws -> Void

    /// The role and the rule.
    public var description: String { "\(role.rawValue): \(rule)" }
}
