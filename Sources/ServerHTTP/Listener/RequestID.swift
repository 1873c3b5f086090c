// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Generates the ids of requests, by which their log lines can be found.
enum RequestID {
    private static let start = String(UInt32.random(in: .min ... .max), radix: 36)
    private static let counter = Atomic<UInt64>(0)

    static func next() -> String {
        "\(start)-\(String(counter.add(1, ordering: .relaxed).newValue, radix: 36))"
    }
}
