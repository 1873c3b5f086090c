// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Random bytes, fetched from OpenSSL in blocks since sixteen bytes cost nearly as much as a thousand.
///
/// Bytes that were taken are wiped. The process never forks, so no two processes share a reserve.
public final class RandomReserve: Sendable {
    private static let size = 1024
    private let bytes = Mutex<[UInt8]>([])

    /// Creates an empty reserve.
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
