// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The type of a security event: that of CAEP or RISC if there is one, or else this server's own.
enum EventType: Sendable {
    /// OpenID CAEP 1.0 section 3.
    case caep(String)
    /// OpenID RISC Profile 1.0 section 2.
    case risc(String)
    /// A type of this server, by the kind of the event.
    case own(String)

    /// The kinds of events whose subject is a session.
    static let ofSessions: Set<Event.Kind> = [.signedIn, .sessionRaised, .sessionEnded]

    init(_ event: Event) {
        self =
            switch event.kind {
            case .signedIn: .caep("session-established")
            case .sessionEnded: .caep("session-revoked")
            case .userChanged: EventType.ofChange(event.details["effects"]?.strings ?? [])
            default: .own(event.kind.rawValue)
            }
    }

    /// A token is about one event, so the effect that ends most access comes first.
    private static func ofChange(_ effects: [String]) -> EventType {
        if effects.contains("removed") { return .risc("account-purged") }
        if effects.contains("deactivated") { return .risc("account-disabled") }
        if effects.contains("activated") { return .risc("account-enabled") }
        if effects.contains(credential) { return .caep(credentialChange) }
        return .own(Event.Kind.userChanged.rawValue)
    }

    private static let credential = "password"
    private static let credentialChange = "credential-change"

    /// The URI by which receivers know the type.
    func uri(_ issuer: String) -> String {
        switch self {
        case .caep(let name): "https://schemas.openid.net/secevent/caep/event-type/\(name)"
        case .risc(let name): "https://schemas.openid.net/secevent/risc/event-type/\(name)"
        case .own(let name): "\(issuer)/events/\(name)"
        }
    }

    /// The members that the specification of the type requires.
    var members: [JSON.Member] {
        guard case .caep(EventType.credentialChange) = self else { return [] }
        return [
            JSON.Member("credential_type", .string(EventType.credential)), JSON.Member("change_type", "update"),
        ]
    }
}
