// SPDX-License-Identifier: Apache-2.0

import GrantKitTesting

/// A plugin with one planted fault, and the rule of the kit that finds it.
struct Mutant: Sendable, CustomStringConvertible {
    /// The fault.
    let fault: String
    /// The sentence of the rule that must find it.
    let rule: String
    /// A part of what the author is told.
    let says: String
    let plugin: PluginUnderTest

    init(_ fault: String, breaks rule: String, says: String, _ plugin: PluginUnderTest) {
        self.fault = fault
        self.rule = rule
        self.says = says
        self.plugin = plugin
    }

    var description: String { fault }
}
