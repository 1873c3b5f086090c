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
        let stage = form["stage"]?.string ?? "credential"
        guard ["credential", "assertion"].contains(stage) else {
            throw FormError("'stage' must be credential or assertion")
        }
        self.stage = stage == "assertion" ? .assertion : .credential
        self.role = IsolatedRole(role, of: caller)
    }

    func extend(_ issuance: inout Issuance) async throws {
        let added = try await role.call("extend", issuance.form) { output in
            (output["members"]?.members ?? [], try output.list("writes", StoreWrite.init(form:)))
        }
        for member in added.0 {
            guard members.contains(member.name) else {
                throw IsolatedFailure(description: "it adds the member '\(member.name)', which it has not declared")
            }
            try issuance.add(member.name, member.value)
        }
        for write in added.1 { issuance.alsoWrite(write) }
    }
}
