// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The keys of the latest changes of followed collections, in the order of the commits.
struct ChangeLog {
    private static let most = 100_000

    /// Differs from that of every other log, so that no position of another one is taken for one of this.
    private var mark = UInt64.random(in: 0 ... .max)
    private var followed: Set<String> = []
    private var keys: [StoreKey] = []
    /// The number of changes that were dropped before the first of the keys.
    private var dropped = 0

    mutating func follow(_ collections: [StoreCollection]) {
        followed.formUnion(collections.filter(\.isFollowed).map(\.name))
    }

    mutating func add(_ writes: [StoreWrite]) {
        for write in writes {
            switch write {
            case .create(let record), .replace(let record, _): add(record.key)
            case .redeem(let key), .delete(let key): add(key)
            default: break
            }
        }
        // Half at once, so that dropping costs nothing in the mean.
        guard keys.count > ChangeLog.most else { return }
        dropped += ChangeLog.most / 2
        keys.removeFirst(ChangeLog.most / 2)
    }

    /// Begins anew, so that no position from before is known.
    mutating func forget() {
        (mark, keys, dropped) = (UInt64.random(in: 0 ... .max), [], 0)
    }

    private mutating func add(_ key: StoreKey) {
        if followed.contains(key.collection) { keys.append(key) }
    }

    func read(after position: String?, limit: Int) -> StoreChanges {
        guard let position else { return StoreChanges([], position: self.position(keys.count)) }
        let parts = position.utf8.split(separator: UInt8(ascii: ":")).map { Int(Substring($0)) }
        guard position.utf8.starts(with: "\(mark):".utf8), let number = parts.last ?? nil,
            case let place = number &- dropped, keys.indices.contains(place) || place == keys.count
        else { return StoreChanges([], position: nil) }
        let found = keys[place...].prefix(max(limit, 0))
        return StoreChanges(Array(found), position: self.position(place + found.count))
    }

    private func position(_ place: Int) -> String { "\(mark):\(dropped + place)" }
}
