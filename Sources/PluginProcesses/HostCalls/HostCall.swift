// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A host call of the protocol.
struct HostCall: Sendable {
    typealias Serve = @Sendable (_ calls: HostCalls, _ input: JSON) async throws -> JSON

    let name: String
    /// What the operator has to permit; nil if every plugin may make the call.
    let permission: HostPermission?
    /// Serves the call.
    let serve: Serve

    init(_ name: String, needs permission: HostPermission? = nil, _ serve: @escaping Serve) {
        self.name = name
        self.permission = permission
        self.serve = serve
    }
}

extension HostCalls {
    /// All host calls of the protocol, by name.
    static let table: [String: HostCall] = {
        let all =
            HostCall.store + HostCall.directories + HostCall.documents("clients", .clients) { $0.clients.documents }
            + HostCall.documents("users", .users) { $0.users.documents } + HostCall.passwords + HostCall.keys
            + HostCall.foreignTokens + HostCall.tokens + HostCall.sessions + HostCall.access + HostCall.work
        return Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
    }()

    /// The names of all host calls.
    package static var all: Set<String> { Set(table.keys) }

    /// The permissions that some host calls need, each with the calls that need it.
    ///
    /// - Parameters:
    ///   - names: The names of host calls.
    ///   - permitted: What the operator permits.
    /// - Returns: The permissions that are missing, in the order of their words, with the calls in order.
    package static func missing(
        for names: Set<String>, permitted: Set<HostPermission>
    ) -> [(permission: HostPermission, calls: [String])] {
        HostPermission.allCases.filter { !permitted.contains($0) }.sorted().compactMap { permission in
            let calls = names.filter { table[$0]?.permission == permission }.sorted()
            return calls.isEmpty ? nil : (permission, calls)
        }
    }

    /// The names of the host calls that a plugin may make with some permissions.
    package static func available(_ permitted: Set<HostPermission>) -> Set<String> {
        Set(table.values.filter { $0.permission.map(permitted.contains) ?? true }.map(\.name))
    }
}
