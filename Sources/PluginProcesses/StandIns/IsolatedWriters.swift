// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of an outbox that runs in a process of its own.
struct IsolatedOutbox: EventOutbox {
    let kinds: Set<Event.Kind>
    let isRequired: Bool
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        kinds = Set(try form.words("kinds").map(Event.Kind.init(rawValue:)))
        isRequired = form["required"]?.bool ?? false
        self.role = IsolatedRole(role, of: caller)
    }

    func writes(for event: Event) async throws -> [StoreWrite] {
        try await role.call("promise", ["event": event.form]) { try $0.list("writes", StoreWrite.init(form:)) }
    }
}

/// Takes the place of a participant in revocations that runs in a process of its own.
struct IsolatedParticipant: RevocationParticipant {
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        self.role = IsolatedRole(role, of: caller)
    }

    func writes(revoking what: Revocation) async throws -> [StoreWrite] {
        try await role.call("revoking", what.form) { try $0.list("writes", StoreWrite.init(form:)) }
    }
}
