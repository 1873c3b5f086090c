// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The program of an isolated plugin, and what its processes may use.
package struct PluginProgram: Sendable, Equatable {
    /// The id of the plugin.
    package let plugin: String
    /// The absolute path of the program, and its arguments.
    package let arguments: [String]
    /// The plugin's settings.
    package let settings: JSON
    /// What the process is told about the server.
    package let server: ServerFacts
    /// The limits on its processes.
    package let limits: ProcessLimits
    /// What the operator permits to it.
    package let permissions: Set<HostPermission>

    /// Describes a program.
    package init(
        plugin: String, arguments: [String], settings: JSON, server: ServerFacts, limits: ProcessLimits,
        permissions: Set<HostPermission> = []
    ) {
        self.plugin = plugin
        self.arguments = arguments
        self.settings = settings
        self.server = server
        self.limits = limits
        self.permissions = permissions
    }

    /// The version of the protocol.
    package static let version: Int64 = 1

    /// The input of `describe`.
    package var question: JSON { PluginProgram.question(plugin, settings, server, may: permissions) }

    /// The input of `describe` for a plugin.
    ///
    /// - Parameters:
    ///   - plugin: The id of the plugin.
    ///   - settings: Its settings.
    ///   - server: What it is told about the server.
    ///   - permissions: Which host calls it may make beyond those of all; a library in this process may make all of them.
    /// - Returns: The input.
    package static func question(
        _ plugin: String, _ settings: JSON, _ server: ServerFacts,
        may permissions: Set<HostPermission> = Set(HostPermission.allCases)
    ) -> JSON {
        [
            "protocol": .integer(PluginProgram.version), "plugin": .string(plugin), "settings": settings,
            "issuer": .string(server.issuer), "base_path": .string(server.basePath),
            "algorithms": .strings(server.algorithms), "may": .strings(permissions.sorted().map(\.rawValue)),
        ]
    }
}

/// What a process is told about the server.
package struct ServerFacts: Sendable, Equatable {
    package let issuer: String
    package let basePath: String
    package let algorithms: [String]

    /// Describes the server.
    package init(issuer: String, basePath: String, algorithms: [String]) {
        self.issuer = issuer
        self.basePath = basePath
        self.algorithms = algorithms
    }
}

/// What the processes of an isolated plugin may use.
package struct ProcessLimits: Sendable, Equatable {
    /// The time after which nothing waits for the answer to a call.
    package var call = Duration.seconds(2)
    /// The memory that a process can allocate, in bytes.
    package var memory: Int64 = 256 << 20
    /// The number of processes.
    package var instances = 1
    /// The number of calls that a process has been sent and has not answered.
    package var calls = 256
    /// The number of descriptors that a process can have open.
    package var descriptors = 64
    /// The numbers of the user and the group that the processes get; nil for those of the server.
    package var user: ProcessUser?
    /// The longest pause before a process is started again.
    package var longestPause = Duration.seconds(30)
    /// The time that a process may take to describe itself, and to start.
    package var start = Duration.seconds(10)

    /// The defaults.
    package init() {}
}

/// The user and the group of a process.
package struct ProcessUser: Sendable, Equatable {
    /// The number of the user.
    package let user: UInt32
    /// The number of the group.
    package let group: UInt32

    /// Names a user and a group.
    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}
