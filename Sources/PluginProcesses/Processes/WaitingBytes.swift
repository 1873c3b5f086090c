// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The bytes of the host calls of one process that have not been replied to.
final class WaitingBytes: Sendable {
    /// The most bytes that may wait.
    static let most = 4 << 20

    /// The part of one host call, counted until its reply or as long as the call is kept.
    final class Part: Sendable {
        private let bytes: Atomic<Int>
        private let all: WaitingBytes

        init(_ bytes: Int, of all: WaitingBytes) {
            self.bytes = Atomic(bytes)
            self.all = all
            all.count.add(bytes, ordering: .relaxed)
        }

        deinit { end() }

        /// Ends the count.
        func end() {
            all.count.subtract(bytes.exchange(0, ordering: .relaxed), ordering: .relaxed)
        }
    }

    private let count = Atomic<Int>(0)

    /// Whether no host call waits.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }
    /// Whether more host calls wait than a process may make.
    var isTooMuch: Bool { count.load(ordering: .relaxed) > WaitingBytes.most }
}
