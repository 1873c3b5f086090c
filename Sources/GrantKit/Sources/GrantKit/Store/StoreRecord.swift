// SPDX-License-Identifier: Apache-2.0

/// A record in the store: a value that expires and can be redeemed once.
public struct StoreRecord: Sendable, Hashable {
    /// The key.
    public var key: StoreKey
    /// The value.
    public var value: JSON
    /// The time from which it may be purged.
    ///
    /// Check it when you read the record, because purging takes time.
    public var expiresAt: Timestamp
    /// The values by which it can be found, by the name of the index.
    public var indexes: [String: String]
    /// The number of writes to the record; 0 before the first.
    public private(set) var version: Int64 = 0
    /// Whether it has been redeemed.
    public private(set) var isRedeemed = false

    /// Makes a record that has not been written yet.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - value: The value.
    ///   - expiresAt: The time from which it may be purged.
    ///   - indexes: The values by which it can be found, by the name of the index.
    public init(_ key: StoreKey, _ value: JSON, expiresAt: Timestamp, indexes: [String: String] = [:]) {
        self.key = key
        self.value = value
        self.expiresAt = expiresAt
        self.indexes = indexes
    }

    /// For plugins with a store: the record with the version and state that the store has.
    public func stored(version: Int64, isRedeemed: Bool) -> StoreRecord {
        var record = self
        record.version = version
        record.isRedeemed = isRedeemed
        return record
    }
}
