// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Synchronization

/// Resolves names on threads that wait for nothing else.
///
/// A look-up cannot be cancelled, and takes long where no name server answers. So threads are bounded, those who ask for
/// one name share one look-up, the names below one domain get a share of the threads, and a request that is cancelled
/// leaves at once.
final class OutboundResolver: Sendable {
    /// The one that all requests of the process share.
    static let shared = OutboundResolver { try SystemNames.addresses(of: $0) }

    private typealias Waiting = CheckedContinuation<[String], any Error>

    private struct State {
        /// Who waits for a name, also for those that nobody waits for any more but that are still being looked up.
        var waiting: [String: [Int: Waiting]] = [:]
        /// Names without a thread, in the order in which they came.
        var queue: [String] = []
        /// How many threads the names of a domain have.
        var taken: [String: Int] = [:]
        var threads = 0
        var number = 0
        /// Requests that were cancelled before they began to wait.
        var left: Set<Int> = []
    }

    private let state = Mutex(State())
    private let threads: Int
    private let share: Int
    private let longest: Int
    private let lookUp: @Sendable (String) throws -> [String]

    /// Makes a resolver.
    ///
    /// - Parameters:
    ///   - threads: The most look-ups at once.
    ///   - share: The most of them for names below one domain.
    ///   - longest: The most names that wait for a thread.
    ///   - lookUp: Resolves one name, and blocks its thread meanwhile.
    init(
        threads: Int = 32, share: Int = 4, longest: Int = 256, lookUp: @escaping @Sendable (String) throws -> [String]
    ) {
        self.threads = threads
        self.share = share
        self.longest = longest
        self.lookUp = lookUp
    }

    /// How many names wait for a thread.
    var waiting: Int { state.withLock { $0.queue.count } }

    /// The addresses of a name.
    ///
    /// - Throws: `OutboundError`; `CancellationError` as soon as the task is cancelled.
    func addresses(of host: String) async throws -> [String] {
        if let own = SystemNames.numeric(host) { return own }
        let id = state.withLock { state in
            state.number &+= 1
            return state.number
        }
        defer { state.withLock { _ = $0.left.remove(id) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { join(host, id, $0) }
        } onCancel: {
            leave(host, id)
        }
    }

    private func join(_ host: String, _ id: Int, _ waiting: Waiting) {
        let (starts, refusal): ([String], (any Error)?) = state.withLock { state in
            guard !state.left.contains(id) else { return ([], CancellationError()) }
            if state.waiting[host] == nil {
                guard state.queue.count < longest else {
                    return ([], OutboundError("too many names are being resolved; '\(host)' is not"))
                }
                state.queue.append(host)
            }
            state.waiting[host, default: [:]][id] = waiting
            return (next(&state), nil)
        }
        if let refusal { waiting.resume(throwing: refusal) }
        starts.forEach(start)
    }

    private func leave(_ host: String, _ id: Int) {
        let waiting: Waiting? = state.withLock { state in
            guard let waiting = state.waiting[host]?.removeValue(forKey: id) else {
                state.left.insert(id)
                return nil
            }
            if state.waiting[host]?.isEmpty ?? false, let place = state.queue.firstIndex(of: host) {
                state.queue.remove(at: place)
                state.waiting[host] = nil
            }
            return waiting
        }
        waiting?.resume(throwing: CancellationError())
    }

    /// The names that get a thread now.
    private func next(_ state: inout State) -> [String] {
        var starts: [String] = []
        state.queue.removeAll { host in
            let domain = OutboundResolver.domain(of: host)
            guard state.threads < threads, state.taken[domain, default: 0] < share else { return false }
            state.threads += 1
            state.taken[domain, default: 0] += 1
            starts.append(host)
            return true
        }
        return starts
    }

    private func start(_ host: String) {
        Thread.detachNewThread { [self] in finish(host, Result { try lookUp(host) }) }
    }

    private func finish(_ host: String, _ result: Result<[String], any Error>) {
        let (waiting, starts) = state.withLock { state in
            let domain = OutboundResolver.domain(of: host)
            state.threads -= 1
            let left = (state.taken[domain] ?? 1) - 1
            state.taken[domain] = left > 0 ? left : nil
            return (state.waiting.removeValue(forKey: host) ?? [:], next(&state))
        }
        for one in waiting.values { one.resume(with: result) }
        starts.forEach(start)
    }

    /// The last two labels: who has a domain can make up as many names below it as they like.
    private static func domain(of host: String) -> String {
        let labels = host.utf8.map { ASCII.lowercase($0) }.split(separator: UInt8(ascii: "."))
        return String(decoding: Array(labels.suffix(2).joined(separator: [UInt8(ascii: ".")])), as: UTF8.self)
    }
}

/// Asks the machine for the addresses of a name.
enum SystemNames {
    /// The addresses, by whatever the machine asks for names.
    ///
    /// - Throws: `OutboundError`.
    static func addresses(of host: String) throws -> [String] {
        var list: UnsafeMutablePointer<addrinfo>?
        let status = ask(host, AI_ADDRCONFIG, &list)
        guard status == 0 else {
            throw OutboundError("'\(host)' cannot be resolved: \(String(cString: gai_strerror(status)))")
        }
        return texts(list)
    }

    /// The address that a host is itself, in any way in which it can be written; nothing is asked for it.
    static func numeric(_ host: String) -> [String]? {
        var list: UnsafeMutablePointer<addrinfo>?
        return ask(host, AI_NUMERICHOST, &list) == 0 ? texts(list) : nil
    }

    private static func ask(_ host: String, _ flags: CInt, _ list: inout UnsafeMutablePointer<addrinfo>?) -> CInt {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        return getaddrinfo(host, nil, &hints, &list)
    }

    private static func texts(_ list: UnsafeMutablePointer<addrinfo>?) -> [String] {
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).prefix { $0 != nil }.compactMap(text)
    }

    private static func text(_ entry: UnsafeMutablePointer<addrinfo>?) -> String? {
        guard let entry = entry?.pointee else { return nil }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        guard status == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
