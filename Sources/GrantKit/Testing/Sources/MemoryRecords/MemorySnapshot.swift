// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// What a store in memory held at one moment.
final class MemorySnapshot: StoreSnapshot {
    private let rest: Mutex<ArraySlice<StoreItem>>

    init(_ items: [StoreItem]) {
        rest = Mutex(items[...])
    }

    func next() async throws -> [StoreItem] {
        rest.withLock { rest in
            defer { rest = rest.dropFirst(500) }
            return Array(rest.prefix(500))
        }
    }

    func close() async {
        rest.withLock { $0 = [] }
    }
}

extension StoreItem {
    /// The key, and the time from which the entry may be purged.
    var keyAndEnd: (StoreKey, Timestamp) {
        switch self {
        case .record(let record): (record.key, record.expiresAt)
        case .counter(let counter): (counter.key, counter.expiresAt)
        @unknown default: (StoreKey("", ""), Timestamp(seconds: 0))
        }
    }
}
