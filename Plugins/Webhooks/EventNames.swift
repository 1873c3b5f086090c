// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The events that a receiver can ask for, by the names that the audit log uses too.
enum EventNames {
    /// The names of events that are committed together with their change, so they are never lost.
    static let promised = Event.Kind.promised.map(\.rawValue).sorted()
    /// All names.
    private static let all = promised + [Event.Kind.issued.rawValue]

    /// The kinds with some names.
    ///
    /// - Throws: `ConfigurationError` for an unknown name, or if there is none.
    static func kinds(_ names: [String]) throws -> Set<Event.Kind> {
        guard !names.isEmpty else {
            throw ConfigurationError("'events' must name at least one event; without it, all are sent", at: "events")
        }
        if let unknown = names.first(where: { !all.contains($0) }) {
            throw ConfigurationError(
                "'events' has the unknown event '\(unknown)'; known are \(all.joined(separator: ", "))", at: "events")
        }
        return Set(names.map { Event.Kind(rawValue: $0) })
    }
}
