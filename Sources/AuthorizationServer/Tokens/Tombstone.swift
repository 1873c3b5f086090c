// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The record that ends a token or a grant, whatever was issued under it.
enum Tombstone {
    static let collection = StoreCollection("revoked")

    static func key(_ id: String) -> StoreKey {
        collection.key(id)
    }

    static func id(of what: Revocation) -> String {
        switch what {
        case .token(let id), .grant(let id), .session(let id): id
        @unknown default: ""
        }
    }

    /// The id of a new grant; what comes under a consent begins with its id, so that a tombstone of that ends it too.
    ///
    /// - Parameters:
    ///   - own: What tells it from all others.
    ///   - consent: The id of what the person has allowed the client.
    ///   - wasAsked: Whether that covers this grant; a first-party client gets more without asking.
    /// - Returns: The id.
    static func grantID(_ own: String, under consent: String?, wasAsked: Bool) -> String {
        consent.map { "\($0).\(wasAsked ? own : "\(unasked)\(own)")" } ?? own
    }

    /// No id begins so by itself.
    private static let unasked = "-."

    /// Whether the person was asked for what a grant holds, when it began or before.
    static func wasAsked(forGrant id: String?) -> Bool {
        guard let rest = id?.raw.cut(at: ".")?.behind else { return false }
        return !rest.starts(with: unasked)
    }

    /// The ids whose tombstones end a grant: its own, and that of the consent that it rests on.
    static func ids(ofGrant id: String?) -> [String] {
        id.map { consent(ofGrant: id) + [$0] } ?? []
    }

    /// The id whose tombstone ends a grant that nobody knows yet: that of the consent, if it rests on one.
    static func consent(ofGrant id: String?) -> [String] {
        (id?.raw.cut(at: ".")?.before.string).map { [$0] } ?? []
    }

    /// How long a tombstone is kept: longer than any token that could be under it, whatever is configured meanwhile.
    static func lifetime(_ generation: Generation?) -> Duration {
        max(generation?.longestLifetime ?? .zero, ClientDocument.longestLifetime) + .seconds(86400)
    }
}
