// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText
import Synchronization

/// Resolves host names on separate threads.
///
/// A lookup cannot be cancelled, and takes long if no name server responds. So the number of threads is limited,
/// requests for the same name share one lookup, and a cancelled request returns at once. When threads are short, the
/// next name is the one whose domains have the fewest, and a name that was resolved before gets its previous addresses
/// (decision 0024).
final class OutboundResolver: Sendable {
    /// The resolver that all requests of the process share.
    static let shared = OutboundResolver { try SystemNames.addresses(of: $0) }

    private typealias Waiting = CheckedContinuation<[String], any Error>

    private struct Name {
        let host: String
        /// The domains that contain the name, from the top down, and the name itself.
        let domains: [String]

        init(_ host: String) {
            self.host = host
            let labels = host.utf8.map { ASCII.lowercase($0) }.split(separator: UInt8(ascii: "."))
            domains = labels.indices.reversed().map {
                String(decoding: Array(labels[$0...].joined(separator: [UInt8(ascii: ".")])), as: UTF8.self)
            }
        }

        /// The highest domain that one owner can have: the top two labels.
        var highest: String { domains.prefix(2).last ?? host }
    }

    private struct State {
        /// The requests that wait for each name; a name that is being looked up stays here even if no request waits.
        var waiting: [String: [Int: Waiting]] = [:]
        /// The names that wait for a thread, in order of arrival.
        var queue: [Name] = []
        /// The number of threads in use for each domain.
        var taken: [String: Int] = [:]
        var threads = 0
        /// The last known addresses of names.
        var known: [String: (addresses: [String], since: ContinuousClock.Instant)] = [:]
        var number = 0
        /// The requests that were cancelled before they began to wait.
        var left: Set<Int> = []
    }

    private let state = Mutex(State())
    private let threads: Int
    private let share: Int
    private let longest: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let lookUp: @Sendable (String) throws -> [String]

    /// Creates a resolver.
    ///
    /// - Parameters:
    ///   - threads: The maximum number of lookups at the same time.
    ///   - share: The maximum number of them for names below one domain of two labels, so that others get some too.
    ///   - longest: The maximum number of names that wait for a thread.
    ///   - now: Returns the current time.
    ///   - lookUp: Resolves one name and blocks its thread until it is done.
    init(
        threads: Int = 32, share: Int = 24, longest: Int = 256,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        lookUp: @escaping @Sendable (String) throws -> [String]
    ) {
        self.threads = threads
        self.share = share
        self.longest = longest
        self.now = now
        self.lookUp = lookUp
    }

    /// The number of names that wait for a thread.
    var waiting: Int { state.withLock { $0.queue.count } }

    /// Resolves a name.
    ///
    /// - Returns: The addresses.
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
        let (starts, answer): ([String], Result<[String], any Error>?) = state.withLock { state in
            guard !state.left.contains(id) else { return ([], .failure(CancellationError())) }
            if state.waiting[host] == nil {
                let name = Name(host)
                if !mayStart(name, state), let known = former(host, state) { return ([], .success(known)) }
                guard state.queue.count < longest else {
                    return ([], .failure(OutboundError("'\(host)' was not resolved: too many names are waiting")))
                }
                state.queue.append(name)
            }
            state.waiting[host, default: [:]][id] = waiting
            return (next(&state), nil)
        }
        if let answer { waiting.resume(with: answer) }
        starts.forEach(start)
    }

    private func leave(_ host: String, _ id: Int) {
        let waiting: Waiting? = state.withLock { state in
            guard let waiting = state.waiting[host]?.removeValue(forKey: id) else {
                state.left.insert(id)
                return nil
            }
            if state.waiting[host]?.isEmpty ?? false, let place = state.queue.firstIndex(where: { $0.host == host }) {
                state.queue.remove(at: place)
                state.waiting[host] = nil
            }
            return waiting
        }
        waiting?.resume(throwing: CancellationError())
    }

    /// Takes the names from the queue that get a thread now.
    private func next(_ state: inout State) -> [String] {
        var starts: [String] = []
        while let place = nextPlace(state) {
            let name = state.queue.remove(at: place)
            state.threads += 1
            for domain in name.domains { state.taken[domain, default: 0] += 1 }
            starts.append(name.host)
        }
        return starts
    }

    private func mayStart(_ name: Name, _ state: State) -> Bool {
        state.threads < threads && state.taken[name.highest, default: 0] < share
    }

    /// The place in the queue of the name whose domains have the fewest threads, compared from the top down.
    ///
    /// The owner of a domain can make up any number of names below it, and it is unknown which domains have one owner.
    private func nextPlace(_ state: State) -> Int? {
        state.queue.enumerated().filter { mayStart($0.element, state) }
            .map { (place: $0.offset, taken: $0.element.domains.map { state.taken[$0, default: 0] }) }
            .min { $0.taken.lexicographicallyPrecedes($1.taken) }?.place
    }

    // MARK: previous addresses

    private static let mostKnown = 4096
    /// How long the previous addresses of a name may be used if it would have to wait.
    private static let memory = Duration.seconds(3600)

    private func former(_ host: String, _ state: State) -> [String]? {
        guard let known = state.known[host], now() - known.since < OutboundResolver.memory else { return nil }
        return known.addresses
    }

    private func remember(_ host: String, _ result: Result<[String], any Error>, _ state: inout State) {
        guard let addresses = try? result.get() else { return state.known[host] = nil }
        state.known[host] = (addresses, now())
        guard state.known.count > OutboundResolver.mostKnown,
            let oldest = state.known.min(by: { $0.value.since < $1.value.since })
        else { return }
        state.known[oldest.key] = nil
    }

    // MARK: threads

    private func start(_ host: String) {
        Thread.detachNewThread { [self] in finish(host, Result { try lookUp(host) }) }
    }

    private func finish(_ host: String, _ result: Result<[String], any Error>) {
        let (waiting, starts) = state.withLock { state in
            state.threads -= 1
            for domain in Name(host).domains {
                let left = (state.taken[domain] ?? 1) - 1
                state.taken[domain] = left > 0 ? left : nil
            }
            remember(host, result, &state)
            return (state.waiting.removeValue(forKey: host) ?? [:], next(&state))
        }
        for one in waiting.values { one.resume(with: result) }
        starts.forEach(start)
    }
}

/// Resolves names with the system's resolver.
enum SystemNames {
    /// The addresses of a name.
    ///
    /// - Throws: `OutboundError`.
    static func addresses(of host: String) throws -> [String] {
        // Safe: 'texts' copies the list and frees it.
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe ask(host, AI_ADDRCONFIG, &list)
        guard status == 0 else {
            throw OutboundError(unsafe "'\(host)' cannot be resolved: \(String(cString: gai_strerror(status)))")
        }
        return unsafe texts(list)
    }

    /// The address if a host is itself an IP address, in any notation; needs no lookup.
    static func numeric(_ host: String) -> [String]? {
        var list: UnsafeMutablePointer<addrinfo>?
        return unsafe ask(host, AI_NUMERICHOST, &list) == 0 ? texts(list) : nil
    }

    private static func ask(_ host: String, _ flags: CInt, _ list: inout UnsafeMutablePointer<addrinfo>?) -> CInt {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = flags
        return unsafe getaddrinfo(host, nil, &hints, &list)
    }

    private static func texts(_ list: UnsafeMutablePointer<addrinfo>?) -> [String] {
        defer { unsafe freeaddrinfo(list) }
        var found: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let text = unsafe text(entry.pointee) { found.append(text) }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    private static func text(_ entry: addrinfo) -> String? {
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = unsafe getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        guard status == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
