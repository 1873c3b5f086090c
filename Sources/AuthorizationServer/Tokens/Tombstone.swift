// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The record that ends a token, a grant or a session, together with everything issued under it.
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

    /// The id of a new grant; under a consent, it begins with the id of the consent, whose tombstone ends the grant
    /// too.
    ///
    /// - Parameters:
    ///   - own: The unique part of the id.
    ///   - consent: The id of the user's consent to the client.
    ///   - wasAsked: Whether the user was asked for all of this grant; a first-party client gets more without asking.
    /// - Returns: The id.
    static func grantID(_ own: String, under consent: String?, wasAsked: Bool) -> String {
        consent.map { "\($0).\(wasAsked ? own : "\(unasked)\(own)")" } ?? own
    }

    /// A prefix that no random id has.
    private static let unasked = "-."

    /// Whether the user was asked for consent to a grant, when it began or before.
    static func wasAsked(forGrant id: String?) -> Bool {
        guard let rest = id?.raw.cut(at: ".")?.behind else { return false }
        return !rest.starts(with: unasked)
    }

    /// The ids whose tombstones end a grant: its own, and that of its consent.
    static func ids(ofGrant id: String?) -> [String] {
        id.map { consent(ofGrant: id) + [$0] } ?? []
    }

    /// The id whose tombstone ends a new grant, which nobody knows yet: that of its consent, if it has one.
    static func consent(ofGrant id: String?) -> [String] {
        (id?.raw.cut(at: ".")?.before.string).map { [$0] } ?? []
    }

    /// The record that ends something, and outlives the longest tokens of a generation.
    static func record(of what: Revocation, at now: Timestamp, _ generation: Generation?) -> StoreRecord {
        StoreRecord(key(id(of: what)), ["at": .integer(now.seconds)], expiresAt: now + lifetime(generation))
    }

    /// The time at which a tombstone was written, or a later one: the records of earlier versions do not have it.
    static func moment(of record: StoreRecord) -> Timestamp {
        let latest = record.expiresAt + (.zero - shortestLifetime)
        return record.value["at"]?.integer.map { min(Timestamp(seconds: $0), latest) } ?? latest
    }

    /// The lifetime of every tombstone or less, in all versions.
    private static let shortestLifetime = ClientDocument.longestLifetime + margin
    private static let margin = Duration.seconds(86400)

    /// The lifetime of a tombstone, longer than that of any token under it, even if the configuration changes.
    private static func lifetime(_ generation: Generation?) -> Duration {
        max(generation?.longestLifetime ?? .zero, ClientDocument.longestLifetime) + margin
    }
}
