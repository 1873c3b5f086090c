// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Decides the writes of a transaction one job after another, as if each were a transaction of its own.
///
/// A job whose conditions do not hold writes nothing, and does not concern the others.
struct BatchPlan {
    /// The keys whose rows must not change until the transaction ends.
    private(set) var written: [StoreKey] = []
    /// The keys that are only looked up.
    private(set) var looked: [StoreKey] = []
    private(set) var locks = KeyLocks()
    private var records: [StoreKey: HeldRecord] = [:]

    /// Plans to make some writes.
    mutating func add(_ writes: [StoreWrite]) throws(Failure) {
        for write in writes {
            switch write {
            case .absent(let key):
                looked.append(key)
                locks.add(key, isShared: true)
            case .create(let record):
                looked.append(record.key)
                locks.add(record.key, isShared: false)
            default:
                let key = try BatchPlan.key(of: write)
                written.append(key)
                locks.add(key, isShared: false)
            }
        }
    }

    /// Takes the rows of keys that were read after they had been locked.
    mutating func take(_ rows: [StoredRow?], of keys: [StoreKey]) {
        for (key, row) in zip(keys, rows) { records[key] = HeldRecord(key, row) }
    }

    /// Makes all of several writes, or none.
    ///
    /// - Throws: `Failure.broken`, after which none is made.
    mutating func make(_ writes: [StoreWrite]) throws(Failure) -> WriteOutcome {
        for (place, write) in writes.enumerated() {
            let key = try BatchPlan.key(of: write)
            let held = records[key] ?? HeldRecord(key, nil)
            guard try held.allows(write) else { return .conflict(write: place, found: try held.record()) }
        }
        for write in writes { records[try BatchPlan.key(of: write)]?.apply(write) }
        return .committed
    }

    /// The statements that write what has changed, in the order of the keys.
    var calls: [Call] {
        records.values.sorted { $0.key.precedes($1.key) }.flatMap(\.calls)
    }

    private static func key(of write: StoreWrite) throws(Failure) -> StoreKey {
        switch write {
        case .create(let record), .replace(let record, _): return record.key
        case .redeem(let key), .delete(let key), .absent(let key): return key
        @unknown default: throw .broken("does not know this kind of write; the plugin was built with an older kit")
        }
    }
}
