// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The records of users and clients that were needed lately, each as long as it has not changed (decision 0065).
///
/// That there is no record at a key is kept too.
final class KeptRecords: Sendable {
    /// The collections whose records are kept.
    static let collections: Set = [
        StoredUser.collection.name, DeclaredUserRecord.collection.name, StoredClient.collection.name,
    ]
    private static let shards = 16
    /// The bounds of each half of a shard.
    ///
    /// Recently used records are in either half, and the older one is dropped when the younger one is full. Together,
    /// all halves have 16,384 records and 4 MB of JSON.
    private static let mostRecords = 512
    private static let mostBytes = 128 * 1024
    /// The size of the largest record that is kept, so that a few do not drop all others.
    private static let mostBytesOfRecord = 16 * 1024

    /// A record in memory; nil inside if the store has none.
    struct Kept {
        let record: StoreRecord?
        fileprivate let bytes: Int
    }

    /// What is kept at a moment, by which a reader knows later whether its key has changed since.
    private struct Moment: Equatable {
        fileprivate let changes: UInt64
    }

    private struct State {
        var young: [StoreKey: Kept] = [:]
        var old: [StoreKey: Kept] = [:]
        var bytes = 0
        /// The number of times that something was forgotten.
        var changes: UInt64 = 0

        mutating func find(_ key: StoreKey) -> Kept? {
            if let kept = young[key] { return kept }
            guard let kept = old.removeValue(forKey: key) else { return nil }
            keep(kept, at: key)
            return kept
        }

        mutating func keep(_ kept: Kept, at key: StoreKey) {
            if young.count >= KeptRecords.mostRecords || bytes + kept.bytes > KeptRecords.mostBytes {
                (old, young, bytes) = (young, [:], 0)
            }
            young[key] = kept
            bytes += kept.bytes
        }
    }

    private final class Shard: Sendable {
        let state = Mutex(State())
    }

    private let shards = (0..<KeptRecords.shards).map { _ in Shard() }

    private func shard(of key: StoreKey) -> Shard {
        shards[key.hashValue & (KeptRecords.shards - 1)]
    }

    /// The record at a key; nil if it is not in memory.
    subscript(key: StoreKey) -> Kept? {
        shard(of: key).state.withLock { $0.find(key) }
    }

    /// The records at some keys, read together from the store unless all of them are in memory.
    ///
    /// - Throws: `StoreError`.
    func read(_ keys: [StoreKey], from store: any Store) async throws -> [StoreRecord?] {
        let kept = keys.compactMap { self[$0] }
        guard kept.count < keys.count else { return kept.map(\.record) }
        let moments = keys.map { moment(of: $0) }
        let found = try await store.read(keys)
        for (place, key) in keys.enumerated() { keep(found[place], at: key, readAfter: moments[place]) }
        return found
    }

    /// The present moment, to be taken before a record is read.
    private func moment(of key: StoreKey) -> Moment {
        Moment(changes: shard(of: key).state.withLock { $0.changes })
    }

    /// Keeps a record, unless it may have changed since it was read.
    ///
    /// - Parameters:
    ///   - record: The record; nil if the store has none.
    ///   - key: The key.
    ///   - moment: The moment before it was read.
    private func keep(_ record: StoreRecord?, at key: StoreKey, readAfter moment: Moment) {
        let bytes = key.id.utf8.count + (record?.value.text.utf8.count ?? 0)
        guard bytes <= KeptRecords.mostBytesOfRecord else { return }
        shard(of: key).state.withLock { state in
            guard state.changes == moment.changes else { return }
            state.keep(Kept(record: record, bytes: bytes), at: key)
        }
    }

    /// Forgets a record, which has changed.
    func forget(_ key: StoreKey) {
        shard(of: key).state.withLock { state in
            state.changes &+= 1
            (state.young[key], state.old[key]) = (nil, nil)
        }
    }

    /// Forgets all records.
    func forgetAll() {
        for shard in shards {
            shard.state.withLock { state in
                state.changes &+= 1
                (state.young, state.old, state.bytes) = ([:], [:], 0)
            }
        }
    }
}
