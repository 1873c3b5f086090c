// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An event as a line shows it; members that do not apply are left out.
enum AuditLine {
    static func json(_ event: Event) -> JSON {
        var members = [
            JSON.Member("time", .string(utc(event.time))), JSON.Member("event", .string(event.kind.rawValue)),
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

    /// RFC 3339, by the calendar alone (Howard Hinnant's days from civil, backwards): no time zone, no locale.
    static func utc(_ time: Timestamp) -> String {
        let days = time.seconds >= 0 ? time.seconds / 86400 : (time.seconds - 86399) / 86400
        let rest = time.seconds - days * 86400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
        return "\(year)-\(two(calendarMonth))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    private static func two(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
