// SPDX-License-Identifier: Apache-2.0

/// A value in a store, with what decides when it goes and whether it can still be redeemed.
public struct StoreRecord: Sendable, Hashable {
    /// What names it.
    public var key: StoreKey
    /// What it holds.
    public var value: JSON
    /// When it may be purged; who reads it checks the time as well.
    public var expiresAt: Timestamp
    /// Values by which it is found, by the name of the index.
    public var indexes: [String: String]
    /// Counts its writes from 1; 0 before the first.
    public private(set) var version: Int64 = 0
    /// Whether it has been redeemed.
    public private(set) var isRedeemed = false

    /// Makes a record that has not been written yet.
    public init(_ key: StoreKey, _ value: JSON, expiresAt: Timestamp, indexes: [String: String] = [:]) {
        self.key = key
        self.value = value
        self.expiresAt = expiresAt
        self.indexes = indexes
    }

    /// For store plugins: the record as it is stored.
    public func stored(version: Int64, isRedeemed: Bool) -> StoreRecord {
        var record = self
        record.version = version
        record.isRedeemed = isRedeemed
        return record
    }
}
