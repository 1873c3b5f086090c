// SPDX-License-Identifier: Apache-2.0

/// A rule of the kit for one role, with a check that drives a plugin as a server does.
struct Rule: Sendable {
    let role: Role
    /// The rule, as a sentence about the plugin's part.
    let sentence: String
    /// Throws if a plugin breaks the rule.
    ///
    /// It gets a plugin that may have several parts of the role, and no other role's guarantees.
    let check: @Sendable (PluginUnderTest) async throws -> Void

    init(
        _ role: Role, _ sentence: String, _ check: @escaping @Sendable (PluginUnderTest) async throws -> Void
    ) {
        self.role = role
        self.sentence = sentence
        self.check = check
    }
}
