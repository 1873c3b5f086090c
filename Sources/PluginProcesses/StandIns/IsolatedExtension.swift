// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of an extension of responses that runs in a process of its own.
///
/// The process returns only what it adds, so it can neither change nor remove what others have added.
struct IsolatedExtension: ResponseExtension {
    let members: [String]
    let stage: Stage
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        members = try form.words("members")
        stage = try form.choice("stage", Stage.words)
        self.role = IsolatedRole(role, of: caller)
    }

    func extend(_ issuance: inout Issuance) async throws {
        let added = try await role.call("extend", issuance.form, IssuanceAdditions.init(form:))
        if let other = added.members.first(where: { !members.contains($0.name) }) {
            throw IsolatedFailure(description: "it adds the member '\(other.name)', which it has not declared")
        }
        try issuance.add(added)
    }
}
