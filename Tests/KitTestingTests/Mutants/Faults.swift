// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// What faults of several parts have in common.
enum Faults {
    struct OwnError: Error {}

    /// A number that a faulty part keeps between calls.
    final class Tally: Sendable {
        private let number = Mutex(0)

        /// Adds one, and returns the new number.
        func next() -> Int {
            number.withLock {
                $0 += 1
                return $0
            }
        }
    }

    /// A string that a faulty part keeps between calls.
    final class Memory: Sendable {
        private let kept = Mutex<String?>(nil)

        /// The first string that was ever given.
        func first(_ text: String) -> String {
            kept.withLock { kept in
                let first = kept ?? text
                kept = first
                return first
            }
        }
    }

    static func record(_ id: String, _ host: any PluginHost, _ value: JSON = [:]) -> StoreRecord {
        StoreRecord(StoreKey("part", id), value, expiresAt: host.now + .seconds(60))
    }
}
