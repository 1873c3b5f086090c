// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Random bytes fetched from OpenSSL many at a time, since asking it for sixteen costs nearly as much as for a thousand.
///
/// What was given out is wiped. The process never forks, so no two processes share a reserve.
public final class RandomReserve: Sendable {
    private static let size = 1024
    private let bytes = Mutex<[UInt8]>([])

    /// Makes an empty reserve.
    public init() {}

    /// Takes random bytes.
    public func take(_ count: Int) -> [UInt8] {
        bytes.withLock { bytes in
            if bytes.count < count { bytes = Digest.random(max(count, RandomReserve.size)) }
            let taken = Array(bytes.suffix(count))
            for place in bytes.indices.suffix(count) { bytes[place] = 0 }
            bytes.removeLast(count)
            return taken
        }
    }
}
