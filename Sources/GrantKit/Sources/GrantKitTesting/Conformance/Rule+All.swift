// SPDX-License-Identifier: Apache-2.0

extension Rule {
    /// All rules of the kit.
    static let all: [Rule] =
        PluginRules.all + GrantRules.all + OutboxRules.all + JobRules.all + EventSinkRules.all + StoreRules.all
}
