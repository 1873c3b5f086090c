// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Something that a plugin adds, with the collections of that plugin, to which alone it may return writes.
struct Owned<Role: Sendable>: Sendable {
    let role: Role
    let owner: DeclaredCollections
    /// The log of the plugin.
    let log: LentLog
    /// Is called with the parameters that the role looks up and that have no value; nil if nobody watches them.
    var missing: (@Sendable (String) -> Void)?

    init(_ role: Role, of plugin: RegisteredPlugin) {
        self.role = role
        owner = plugin.collections
        log = plugin.host.lentLog
    }

    private init<Other: Sendable>(_ role: Role, like other: Owned<Other>) {
        self.role = role
        owner = other.owner
        log = other.log
    }

    /// The same value with the role as a more specific type; nil if the role is not of that type.
    func cast<Precise: Sendable>(to type: Precise.Type) -> Owned<Precise>? {
        (role as? Precise).map { Owned<Precise>($0, like: self) }
    }

    /// The id of the plugin.
    var plugin: String { owner.plugin }

    /// Calls the role, and names the plugin in the error that it throws (decision 0051).
    ///
    /// - Parameters:
    ///   - name: The call, as the kit names it.
    ///   - body: Calls the role, and checks what it returned.
    /// - Returns: The result of `body`.
    /// - Throws: The errors of `body`, each with the id of the plugin.
    func call<Value>(_ name: String, _ body: (Role) async throws -> Value) async throws -> Value {
        do {
            return try await body(role)
        } catch {
            throw PluginFailure.named(error, plugin, name)
        }
    }

    // MARK: parameters

    /// The role, with its reads of undeclared parameters reported to the log.
    ///
    /// - Parameters:
    ///   - acceptance: The parameters that the role may read.
    ///   - role: The role, as the kit names it.
    ///   - list: The member that declares parameters, for the log.
    /// - Returns: The role, whose reads are watched.
    func watching(
        _ acceptance: ParameterAcceptance, as role: String, declaredIn list: String = "parameters"
    ) -> Owned {
        let reads = UndeclaredReads(acceptance.names, by: role, declaredIn: list, log)
        var watched = self
        watched.missing = { reads.note($0) }
        return watched
    }

    /// The parameters of a request as they are handed to the role.
    func watched(_ parameters: Parameters) -> Parameters {
        var parameters = parameters
        parameters.missing = missing
        return parameters
    }
}

extension [RegisteredPlugin] {
    /// What all plugins add of one kind, in the order of the configuration.
    func owned<Role: Sendable>(_ roles: (Registry) -> [Role]) -> [Owned<Role>] {
        flatMap { plugin in roles(plugin.registry).map { Owned($0, of: plugin) } }
    }
}
