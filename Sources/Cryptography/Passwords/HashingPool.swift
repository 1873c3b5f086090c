// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import GrantKit
import Synchronization

/// Threads of their own for slow hashes, with bounded places and shares.
///
/// Passwords of people, secrets of clients and what the server hashes for itself each have places of their own, and take
/// turns where several of them wait. So a flood of one kind costs the others no more than every second turn.
public final class HashingPool: Sendable {
    /// All places are taken that the asker may have.
    public struct Full: Error {}

    /// What is hashed.
    public enum Purpose: Sendable {
        /// A person's password.
        case password
        /// A secret of a client, by what names the client.
        case clientSecret(String)

        fileprivate var kind: Kind {
            switch self {
            case .password: .passwords
            case .clientSecret: .clientSecrets
            }
        }
    }

    fileprivate enum Kind: CaseIterable {
        case passwords, clientSecrets
        /// For the server itself, which always finds a place.
        case own
    }

    /// For each kind.
    private static let places = 32
    /// For each address, and for each client, within its kind.
    private static let placesPerHolder = 8

    private struct Share {
        var total = 0
        var taken: [String: Int] = [:]
        var jobs: [@Sendable () -> Void] = []
    }

    private struct State {
        var shares: [Kind: Share] = [:]
        /// Whose turn is next.
        var turns = Kind.allCases
        var idle: [DispatchQueue]
    }

    private let state: Mutex<State>

    /// Makes a pool.
    ///
    /// - Parameter threads: How many hashes are computed at once.
    public init(threads: Int) {
        state = Mutex(State(idle: (0..<max(1, threads)).map { DispatchQueue(label: "hashing-\($0)") }))
    }

    /// How many hashes wait or are being computed.
    public var waiting: Int {
        state.withLock { $0.shares.values.reduce(0) { $0 + $1.total } }
    }

    /// Computes something slow.
    ///
    /// - Parameters:
    ///   - purpose: What it is for.
    ///   - address: Who asks; nil for the server itself, which always finds a place.
    ///   - work: What to compute.
    /// - Returns: What was computed.
    /// - Throws: `Full`.
    public func run<Value: Sendable>(
        _ purpose: Purpose = .password, from address: String?, _ work: @escaping @Sendable () -> Value
    ) async throws -> Value {
        let kind = address == nil ? .own : purpose.kind
        let holders = HashingPool.holders(purpose, address)
        try reserve(kind, holders)
        defer { release(kind, holders) }
        return await withCheckedContinuation { continuation in
            submit(kind) { continuation.resume(returning: work()) }
        }
    }

    /// What an address counts as: whoever has an IPv6 network has all its addresses, so of those it is the first half.
    ///
    /// An IPv4 address is the same one where it is written as an IPv6 address.
    public static func origin(of address: String) -> String {
        // An IPv6 address has the 16 bytes of the structure.
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
        let thread = state.withLock { state in
            state.shares[kind, default: Share()].jobs.append(job)
            return state.idle.popLast()
        }
        guard let thread else { return }
        thread.async { [self] in
            while let job = next(for: thread) { job() }
        }
    }

    /// The job whose turn it is; without one the thread is idle.
    private func next(for thread: DispatchQueue) -> (@Sendable () -> Void)? {
        state.withLock { state in
            for (place, kind) in state.turns.enumerated() where state.shares[kind]?.jobs.isEmpty == false {
                state.turns.append(state.turns.remove(at: place))
                return state.shares[kind]?.jobs.removeFirst()
            }
            state.idle.append(thread)
            return nil
        }
    }
}
