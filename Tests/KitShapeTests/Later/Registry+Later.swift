// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// A role that the kit does not have yet.
protocol LaterRole: Sendable {
    /// The line that names it in the list of what a plugin registers.
    var line: String { get }
}

/// Carries a role for which the registry has no list yet.
///
/// An extension cannot add stored properties, so what is registered here is stored as a resolver that resolves no
/// token.
private struct RoleCarrier: TokenResolver {
    let role: any LaterRole

    func resolve(_ value: String) async throws -> ResolvedToken? { nil }
}

extension Registry {
    var laterRoles: [any LaterRole] { resolvers.compactMap { ($0 as? RoleCarrier)?.role } }

    func later<Role>(_ type: Role.Type) -> [Role] { laterRoles.compactMap { $0 as? Role } }

    /// Takes the place of one function for each role.
    mutating func add(later role: some LaterRole) { add(resolver: RoleCarrier(role: role)) }
}
