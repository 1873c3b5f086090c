// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The record that an account has signed in from an address.
struct SignInOrigin {
    static let collection = StoreCollection("sign_in_origin", durability: .relaxed)
    private static let memory = Duration.seconds(30 * 86400)

    /// The number of the series of attempts that is being counted; each success may begin a new one.
    let series: Int64
    private let record: StoreRecord

    static func key(_ pair: String) -> StoreKey { collection.key(pair) }

    /// Reads a record; nil where it has expired or names no series.
    init?(_ record: StoreRecord, at now: Timestamp) {
        guard record.expiresAt > now, let series = record.value["series"]?.integer else { return nil }
        (self.series, self.record) = (series, record)
    }

    /// Whether half of the time for which it is remembered has passed.
    func isHalfForgotten(at now: Timestamp) -> Bool {
        record.expiresAt < now + SignInOrigin.memory / 2
    }

    /// Creates the record at the first success.
    static func first(_ pair: String, at now: Timestamp) -> StoreWrite {
        .create(StoreRecord(key(pair), value(1), expiresAt: now + memory))
    }

    /// Begins a new series, and remembers the origin anew.
    func renewed(at now: Timestamp) -> StoreWrite {
        var record = self.record
        (record.value, record.expiresAt) = (SignInOrigin.value(series &+ 1), now + SignInOrigin.memory)
        return .replace(record, ifVersion: record.version)
    }

    private static func value(_ series: Int64) -> JSON { ["v": 1, "series": .integer(series)] }
}
