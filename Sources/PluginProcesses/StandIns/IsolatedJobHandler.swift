// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a handler of jobs that runs in a process of its own.
struct IsolatedJobHandler: JobHandler {
    let name: String
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        name = try form.required("name", \.string)
        self.role = IsolatedRole(role, of: caller)
    }

    func run(_ payload: JSON) async throws {
        try await role.call("run", ["payload": payload], within: .seconds(30)) { _ in }
    }
}
