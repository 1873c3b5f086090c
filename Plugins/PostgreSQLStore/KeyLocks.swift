// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The locks of a transaction, by which the nodes take turns at the same keys.
///
/// They also lock keys that have no row, so that nothing is created while another transaction relies on its absence.
/// Every transaction takes its locks in the same order, so none waits for one that waits for it.
struct KeyLocks {
    /// The maximum number of keys that one transaction locks by themselves; the server's table of locks is small.
    static let most = 64
    /// Everybody locks this first: to write a few keys as one of many, to write more as the only one.
    private static let all: Int64 = 0x6772_616e_746f_7200

    private var isSharedByKey: [Int64: Bool] = [:]

    /// Locks a key until the end of the transaction.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - isShared: Whether others may lock it too, since it is only read.
    mutating func add(_ key: StoreKey, isShared: Bool) {
        let number = KeyLocks.number(of: key)
        isSharedByKey[number] = isShared && isSharedByKey[number] ?? true
    }

    var call: Call {
        guard isSharedByKey.count <= KeyLocks.most else {
            return Statement.lock(.integers([KeyLocks.all]), .booleans([false]))
        }
        let ordered = isSharedByKey.sorted { $0.key < $1.key }
        return Statement.lock(
            .integers([KeyLocks.all] + ordered.map(\.key)), .booleans([true] + ordered.map(\.value)))
    }

    /// The hash of a key (FNV-1a), which must be the same on every node and in every version.
    ///
    /// Two keys with the same number wait for each other, and nothing else happens.
    static func number(of key: StoreKey) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        // 0xFF is in no UTF-8, so it separates the two.
        for bytes in [Array(key.collection.utf8) + [0xFF], Array(key.id.utf8)] {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        return Int64(bitPattern: hash)
    }
}
