// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Something that a plugin adds, with the collections of that plugin, to which alone it may return writes.
struct Owned<Role: Sendable>: Sendable {
    let role: Role
    let owner: DeclaredCollections
}

extension [RegisteredPlugin] {
    /// What all plugins add of one kind, in the order of the configuration.
    func owned<Role: Sendable>(_ roles: (Registry) -> [Role]) -> [Owned<Role>] {
        flatMap { plugin in roles(plugin.registry).map { Owned(role: $0, owner: plugin.collections) } }
    }
}
