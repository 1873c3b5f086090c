// SPDX-License-Identifier: Apache-2.0

/// What a store says about itself.
public struct StoreInspection: Sendable {
    /// The size of one collection.
    public struct Collection: Sendable, Hashable {
        /// The collection's name.
        public var name: String
        /// The number of records.
        public var records: Int64
        /// The number of counters.
        public var counters: Int64
        /// How many of the records and counters have expired.
        public var expired: Int64

        /// Makes a size.
        ///
        /// - Parameters:
        ///   - name: The collection's name.
        ///   - records: The number of records.
        ///   - counters: The number of counters.
        ///   - expired: How many of them have expired.
        public init(_ name: String, records: Int64 = 0, counters: Int64 = 0, expired: Int64 = 0) {
            self.name = name
            self.records = records
            self.counters = counters
            self.expired = expired
        }
    }

    /// The file or the database, without secrets.
    public var place: String
    /// The version of the tables; 0 if there are none yet.
    public var version: Int
    /// The version that this plugin works with.
    public var newestVersion: Int
    /// The size in bytes; nil if it is unknown.
    public var size: Int64?
    /// The collections, in any order.
    public var collections: [Collection]
    /// Whether the numbers are estimates.
    public var isEstimated: Bool

    /// Makes a description.
    ///
    /// - Parameters:
    ///   - place: The file or the database, without secrets.
    ///   - version: The version of the tables; 0 if there are none yet.
    ///   - newestVersion: The version that this plugin works with.
    ///   - size: The size in bytes; nil if it is unknown.
    ///   - collections: The collections, in any order.
    ///   - isEstimated: Whether the numbers are estimates.
    public init(
        place: String, version: Int, newestVersion: Int, size: Int64?, collections: [Collection],
        isEstimated: Bool = false
    ) {
        self.place = place
        self.version = version
        self.newestVersion = newestVersion
        self.size = size
        self.collections = collections
        self.isEstimated = isEstimated
    }
}
