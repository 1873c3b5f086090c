// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText
import Synchronization

/// Reports parameters that a plugin looks up and that nobody has declared, which the core drops from every request.
///
/// Each name is logged once. The request continues: to the plugin, the parameter is missing.
final class UndeclaredReads: Sendable {
    /// The most names that are logged, since a plugin may take them from a request.
    private static let most = 16
    private static let longestName = 64

    private let declared: [String]
    private let role: String
    private let list: String
    private let log: LentLog
    private let found = Mutex<[String]>([])

    /// Watches a role.
    ///
    /// - Parameters:
    ///   - declared: The names that may be looked up.
    ///   - role: The role, as the kit names it.
    ///   - list: The member that declares parameters.
    ///   - log: The log of the plugin.
    init(_ declared: [String], by role: String, declaredIn list: String, _ log: LentLog) {
        self.declared = declared
        self.role = role
        self.list = list
        self.log = log
    }

    /// Notes a name that has no value.
    func note(_ name: String) {
        guard !declared.contains(name), isNew(name) else { return }
        let shown = ShownText.onOneLine(
            String(decoding: name.utf8.prefix(UndeclaredReads.longestName), as: UTF8.self))
        log.report(
            "a plugin reads an undeclared parameter; this is logged once for each",
            PluginMistake(
                "the \(role) of the plugin '\(log.plugin)' reads the parameter '\(shown)', which is not declared and "
                    + "therefore never there; add it to its \(list)",
                of: log.plugin))
    }

    private func isNew(_ name: String) -> Bool {
        found.withLock { found in
            guard found.count < UndeclaredReads.most, !found.contains(name) else { return false }
            found.append(name)
            return true
        }
    }
}
