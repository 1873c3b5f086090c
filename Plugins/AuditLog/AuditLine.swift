// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The JSON of an event; members that do not apply are omitted.
enum AuditLine {
    static func json(_ event: Event) -> JSON {
        var members = [
            JSON.Member("time", .string(event.time.rfc3339)), JSON.Member("event", .string(event.kind.rawValue)),
        ]
        func add(_ name: String, _ text: String?) {
            if let text { members.append(JSON.Member(name, .string(text))) }
        }
        add("request", event.requestID)
        add("address", event.address)
        add("client", event.client)
        if let subject = event.subject {
            add("subject", subject.id)
            if case .user = subject { add("subject_type", "user") } else { add("subject_type", "client") }
        }
        add("grant", event.grant)
        add("grant_id", event.grantID)
        add("session_id", event.sessionID)
        add("token_id", event.tokenID)
        let details = event.details.members.filter { $0.value != .null }
        if !details.isEmpty { members.append(JSON.Member("details", .object(details))) }
        return .object(members)
    }
}
