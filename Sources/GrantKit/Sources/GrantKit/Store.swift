// SPDX-License-Identifier: Apache-2.0

/// Names one record of a store.
public struct StoreKey: Sendable, Hashable {
    /// The collection, as it was declared.
    public var collection: String
    /// The record's identifier within the collection; of a secret, its digest.
    public var id: String

    /// Makes a key.
    public init(_ collection: String, _ id: String) {
        self.collection = collection
        self.id = id
    }

    /// Whether two keys name the same record: byte for byte, as a database compares them.
    public static func == (left: StoreKey, right: StoreKey) -> Bool {
        haveSameBytes(left.collection, right.collection) && haveSameBytes(left.id, right.id)
    }
}

/// What a plugin keeps in the store, and how.
public struct StoreCollection: Sendable, Hashable {
    /// How sure a write is when it is answered.
    public enum Durability: Sendable, Hashable {
        /// Committed means that it outlives a loss of power.
        case durable
        /// The last writes may be lost with the process: counters of attempts, times of last use.
        case relaxed
    }

    /// The collection's name.
    public var name: String
    /// The indexes that its records carry.
    public var indexes: [String]
    /// How sure a write is when it is answered.
    public var durability: Durability
    /// How long what a record stands for can be used at the longest; a revocation is kept for at least as long.
    public var retention: Duration

    /// Declares a collection.
    public init(
        _ name: String, indexes: [String] = [], durability: Durability = .durable, retention: Duration = .zero
    ) {
        self.name = name
        self.indexes = indexes
        self.durability = durability
        self.retention = retention
    }
}

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

    /// For store plugins: the record as it stands in the store.
    public func stored(version: Int64, isRedeemed: Bool) -> StoreRecord {
        var record = self
        record.version = version
        record.isRedeemed = isRedeemed
        return record
    }
}

/// One entry of an atomic write, with the condition under which it holds.
public enum StoreWrite: Sendable {
    /// Writes a record that must not exist.
    case create(StoreRecord)
    /// Overwrites a record that must still have the version that was read.
    case replace(StoreRecord, ifVersion: Int64)
    /// Marks a record that must exist and not have been redeemed.
    case redeem(StoreKey)
    /// Removes a record if it exists.
    case delete(StoreKey)
    /// Writes nothing; the record must not exist. How a commit refuses to race with a revocation.
    case absent(StoreKey)
}

/// What became of an atomic write.
public enum WriteOutcome: Sendable, Equatable {
    /// Every entry held and all were written.
    case committed
    /// Nothing was written: this entry did not hold, and this is what stood there.
    case conflict(write: Int, found: StoreRecord?)
}

/// Why a store could not do what it was asked: for the operator, never for the client.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let message: String

    /// Makes an error.
    public init(_ message: String) {
        self.message = message
    }

    /// What is wrong and what to do.
    public var description: String { message }
}

/// Keeps records; every guarantee of the grants stands on its atomic write.
///
/// A failure is thrown, never answered as an empty result. Expired records may be returned until they are purged.
public protocol Store: Sendable {
    /// Makes ready to keep these collections.
    ///
    /// - Throws: `StoreError`.
    func prepare(_ collections: [StoreCollection]) async throws

    /// The records of several keys, nil for those that do not exist, as one consistent view.
    ///
    /// - Throws: `StoreError`.
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?]

    /// Writes all entries or none; no two of them may name one key.
    ///
    /// - Throws: `StoreError`, after which it is unknown whether anything was written.
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome

    /// A page of the records that carry a value of an index, in the order of their keys.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - index: The name of the index, as declared.
    ///   - value: The value.
    ///   - after: The last key of the page before, nil for the first page.
    ///   - limit: The most records to return.
    /// - Returns: At most `limit` records.
    /// - Throws: `StoreError`.
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord]

    /// Adds one to a counter and gives the sum; an expired counter starts anew.
    ///
    /// - Parameters:
    ///   - key: What names the counter.
    ///   - expiresAt: When a counter that starts now ends.
    ///   - now: The current time.
    /// - Returns: The sum, from 1.
    /// - Throws: `StoreError`.
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64

    /// Removes records and counters that have expired, a small batch at a time.
    ///
    /// - Parameters:
    ///   - moment: Everything that expired before it goes.
    ///   - limit: The most to remove in this call.
    /// - Returns: How many were removed; less than the limit when nothing is left.
    /// - Throws: `StoreError`.
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int
}

extension Store {
    /// The record of one key.
    ///
    /// - Throws: `StoreError`.
    public func read(_ key: StoreKey) async throws -> StoreRecord? {
        try await read([key]).first ?? nil
    }
}
