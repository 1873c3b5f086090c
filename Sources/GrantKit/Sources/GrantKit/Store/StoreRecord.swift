// SPDX-License-Identifier: Apache-2.0

/// A record in the store: a value that expires and can be redeemed once.
public struct StoreRecord: Sendable, Hashable {
    /// The key.
    public var key: StoreKey { didSet { isLent = false } }
    /// The value.
    public var value: JSON { didSet { isLent = false } }
    /// The time from which it may be purged.
    ///
    /// Check it when you read the record, because purging takes time.
    public var expiresAt: Timestamp { didSet { isLent = false } }
    /// The values by which it can be found, by the name of the index.
    public var indexes: [String: String] { didSet { isLent = false } }
    /// The number of writes to the record; 0 before the first.
    public private(set) var version: Int64 = 0
    /// Whether it has been redeemed.
    public private(set) var isRedeemed = false
    /// For the host: whether the host has made it for a plugin to write, and nobody has changed it since.
    @_spi(Host)
    public private(set) var isLent = false

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
        record.isLent = false
        return record
    }

    /// For the host: the record as one that a plugin may write as it is, in a collection that belongs to the host.
    @_spi(Host)
    public func lent() -> StoreRecord {
        var record = self
        record.isLent = true
        return record
    }
}
