// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import GrantKit
import Synchronization

/// Separate threads for slow hashes, with a limited number of places shared out fairly.
///
/// Users' passwords, client secrets and the server's own hashes each have their own places, and take turns when several
/// kinds are waiting. So a flood of one kind costs the others at most every second turn. There are no threads while
/// nothing is hashed.
public final class HashingPool: Sendable {
    /// The error when all places that the caller may use are taken.
    public struct Full: Error {}

    /// The purpose of a hash.
    public enum Purpose: Sendable {
        /// A user's password.
        case password
        /// A client secret, with a string that identifies the client.
        case clientSecret(String)

        fileprivate var kind: Kind {
            switch self {
            case .password: .passwords
            case .clientSecret: .clientSecrets
            }
        }
    }

    /// A place, which is taken until nothing refers to it.
    public final class Place: Sendable {
        private let pool: HashingPool
        fileprivate let kind: Kind
        private let holders: [String]

        fileprivate init(in pool: HashingPool, _ kind: Kind, _ holders: [String]) {
            self.pool = pool
            self.kind = kind
            self.holders = holders
        }

        deinit { pool.release(kind, holders) }
    }

    fileprivate enum Kind: CaseIterable {
        case passwords, clientSecrets
        /// The server's own hashes, which always find a place.
        case own
    }

    /// The number of places for each kind.
    private static let places = 32
    /// The number of places within a kind for each address and for each client.
    private static let placesPerHolder = 8
    /// How much nicer the threads are than the server, so that they give way to the event loops: if both
    /// want all of a processor, hashes get a quarter of it.
    private static let niceness: Int32 = 5

    private struct Share {
        var total = 0
        var taken: [String: Int] = [:]
        var jobs: [@Sendable () -> Void] = []
    }

    private struct State {
        var shares: [Kind: Share] = [:]
        /// The kinds in the order of their next turns.
        var turns = Kind.allCases
        /// The number of threads that may still be started.
        var idle: Int
    }

    private let state: Mutex<State>

    /// Creates a pool.
    ///
    /// - Parameter threads: The number of hashes computed at the same time.
    public init(threads: Int) {
        state = Mutex(State(idle: max(1, threads)))
    }

    /// The number of hashes that are waiting or being computed.
    public var waiting: Int {
        state.withLock { $0.shares.values.reduce(0) { $0 + $1.total } }
    }

    /// Takes a place before it is known whether there is anything to hash.
    ///
    /// - Parameters:
    ///   - purpose: The purpose of the hashes.
    ///   - address: The address of the requester; nil for the server itself, which always finds a place.
    /// - Returns: The place.
    /// - Throws: `Full`.
    public func take(_ purpose: Purpose, from address: String?) throws -> Place {
        let kind = address == nil ? .own : purpose.kind
        let holders = HashingPool.holders(purpose, address)
        try reserve(kind, holders)
        return Place(in: self, kind, holders)
    }

    /// Computes a slow hash on a thread of the pool.
    ///
    /// - Parameters:
    ///   - place: A place of this pool, for one hash at a time.
    ///   - work: Computes the hash.
    /// - Returns: The result of `work`.
    public func run<Value: Sendable>(in place: Place, _ work: @escaping @Sendable () -> Value) async -> Value {
        defer { withExtendedLifetime(place) {} }
        return await withCheckedContinuation { continuation in
            submit(place.kind) { continuation.resume(returning: work()) }
        }
    }

    /// Computes a slow hash on a thread of the pool, in a place of its own.
    ///
    /// - Parameters:
    ///   - purpose: The purpose of the hash.
    ///   - address: The address of the requester; nil for the server itself, which always finds a place.
    ///   - work: Computes the hash.
    /// - Returns: The result of `work`.
    /// - Throws: `Full`.
    public func run<Value: Sendable>(
        _ purpose: Purpose = .password, from address: String?, _ work: @escaping @Sendable () -> Value
    ) async throws -> Value {
        let place = try take(purpose, from: address)
        return await run(in: place, work)
    }

    /// The origin that an address counts as: the first half of an IPv6 address, since anyone with an IPv6 network has
    /// all of its addresses.
    ///
    /// An IPv4 address written as an IPv6 address counts as the IPv4 address.
    public static func origin(of address: String) -> String {
        // Safe: the structure has the 16 bytes of an IPv6 address.
        var number = in6_addr()
        guard unsafe inet_pton(AF_INET6, address, &number) == 1 else { return address }
        let bytes = unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        if isMapped { return bytes.suffix(4).map { String($0) }.joined(separator: ".") }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ".")
    }

    // MARK: places

    private static func holders(_ purpose: Purpose, _ address: String?) -> [String] {
        guard let address else { return [] }
        let origin = "address \(origin(of: address))"
        return if case .clientSecret(let client) = purpose { [origin, "client \(client)"] } else { [origin] }
    }

    private func reserve(_ kind: Kind, _ holders: [String]) throws {
        try state.withLock { state in
            var share = state.shares[kind] ?? Share()
            if kind != .own {
                let isFree = holders.allSatisfy { share.taken[$0, default: 0] < HashingPool.placesPerHolder }
                guard share.total < HashingPool.places, isFree else { throw Full() }
            }
            for holder in holders { share.taken[holder, default: 0] += 1 }
            share.total += 1
            state.shares[kind] = share
        }
    }

    private func release(_ kind: Kind, _ holders: [String]) {
        state.withLock { state in
            guard var share = state.shares[kind] else { return }
            share.total -= 1
            for holder in holders {
                let left = (share.taken[holder] ?? 1) - 1
                share.taken[holder] = left > 0 ? left : nil
            }
            state.shares[kind] = share
        }
    }

    // MARK: turns

    private func submit(_ kind: Kind, _ job: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            state.shares[kind, default: Share()].jobs.append(job)
            guard state.idle > 0 else { return false }
            state.idle -= 1
            return true
        }
        guard starts else { return }
        Thread.detachNewThread { [self] in
            // On Linux, this is about the calling thread alone. It adds to the niceness of the server.
            _ = nice(HashingPool.niceness)
            while let job = next() { job() }
        }
    }

    /// The next job by turn; if there is none, the thread ends.
    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            for (place, kind) in state.turns.enumerated() where state.shares[kind]?.jobs.isEmpty == false {
                state.turns.append(state.turns.remove(at: place))
                return state.shares[kind]?.jobs.removeFirst()
            }
            state.idle += 1
            return nil
        }
    }
}
