// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// Threads of their own for slow hashes, with bounded places in all and for each address.
public final class HashingPool: Sendable {
    /// All places are taken.
    public struct Full: Error {}

    private static let places = 64
    private static let placesPerAddress = 8

    private struct State {
        var taken: [String: Int] = [:]
        var total = 0
        var turn = 0
    }

    private let state = Mutex(State())
    private let queues: [DispatchQueue]

    /// Makes a pool.
    ///
    /// - Parameter threads: How many hashes are computed at once.
    public init(threads: Int) {
        queues = (0..<max(1, threads)).map { DispatchQueue(label: "hashing-\($0)") }
    }

    /// How many hashes wait or are being computed.
    public var waiting: Int {
        state.withLock { $0.total }
    }

    /// Computes something slow.
    ///
    /// - Parameters:
    ///   - address: Who asks; nil for the server itself, which always finds a place.
    ///   - work: What to compute.
    /// - Returns: What was computed.
    /// - Throws: `Full`.
    public func run<Value: Sendable>(
        from address: String?, _ work: @escaping @Sendable () -> Value
    ) async throws -> Value {
        let origin = address.map(HashingPool.origin)
        let queue = try take(origin)
        defer { release(origin) }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    /// What an address counts as: whoever has an IPv6 network has all its addresses, so of those it is the first half.
    public static func origin(of address: String) -> String {
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, address, &bytes) == 1, !address.hasPrefix("::ffff:") else { return address }
        return withUnsafeBytes(of: bytes) { $0.prefix(8).map { String($0, radix: 16) }.joined(separator: ".") }
    }

    private func take(_ address: String?) throws -> DispatchQueue {
        try state.withLock { state in
            if let address {
                guard state.total < HashingPool.places,
                    state.taken[address, default: 0] < HashingPool.placesPerAddress
                else { throw Full() }
                state.taken[address, default: 0] += 1
            }
            state.total += 1
            state.turn = (state.turn + 1) % queues.count
            return queues[state.turn]
        }
    }

    private func release(_ address: String?) {
        state.withLock { state in
            state.total -= 1
            guard let address else { return }
            let left = (state.taken[address] ?? 1) - 1
            state.taken[address] = left > 0 ? left : nil
        }
    }
}
