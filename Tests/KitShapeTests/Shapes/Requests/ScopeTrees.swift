// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Scope values that include those below them: `files` allows `files:read`.
struct ScopeTrees: Plugin, ScopeRule {
    static let manifest = PluginManifest(id: "scope-trees", summary: "scope values with parts", specification: "")

    let name = "trees"

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func narrow(allowed: Scope, requested: String) -> [String]? {
        guard requested.utf8.contains(UInt8(ascii: ":")) else { return nil }
        return allowed.words.contains { requested == $0 || requested.hasPrefix("\($0):") } ? [requested] : []
    }
}
