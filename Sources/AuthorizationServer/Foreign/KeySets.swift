// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Logging
import Synchronization

/// The key sets of other parties, by address: fetched once for all plugins, and kept for a while.
///
/// At most one request for an address runs at a time, and one begins at most every 30 seconds, whatever tokens arrive.
/// A set is fetched again before it expires, while it still serves. A failure is kept until the next request may begin.
final class KeySets: Sendable {
    /// The most addresses that are kept; the one that was used least recently is dropped.
    static let most = 1000
    /// The shortest time between two requests to an address.
    static let pause = Duration.seconds(30)
    /// The longest time for a request.
    private static let limit = Duration.seconds(5)

    private struct Entry {
        var keys: FetchedKeys?
        var problem = "they were never fetched"
        /// When the keys expire, and the earlier time from which on the next request may fetch them again.
        var freshUntil = Timestamp(seconds: .min)
        var refreshAt = Timestamp(seconds: .min)
        /// When the last request began, if there was one.
        var askedAt: Timestamp?
        var usedAt: Timestamp
        var fetch: Task<Void, Never>?

        func fresh(at now: Timestamp) -> FetchedKeys? { freshUntil > now ? keys : nil }

        /// Whether the next request may begin; also if the clock was set back, since the pause could last for years.
        func mayAsk(at now: Timestamp) -> Bool {
            fetch == nil && (askedAt.map { now - $0 >= KeySets.pause || now < $0 } ?? true)
        }
    }

    /// What a caller does next.
    private enum Next {
        case use(FetchedKeys)
        case wait(Task<Void, Never>)
        case refuse(String)
    }

    private let environment: any ServerEnvironment
    private let sender: any OutboundHTTP
    private let signatures: any SignatureVerifier
    private let logger: Logger
    private let entries = Mutex<[String: Entry]>([:])

    init(
        _ environment: any ServerEnvironment, _ sender: any OutboundHTTP, _ signatures: any SignatureVerifier,
        _ logger: Logger
    ) {
        self.environment = environment
        self.sender = sender
        self.signatures = signatures
        self.logger = logger
    }

    /// The keys at an address, fetched if they are not known or have expired.
    ///
    /// - Throws: `OutboundError`, also if a request has failed less than 30 seconds ago.
    func keys(at address: String) async throws -> FetchedKeys {
        switch next(at: address) {
        case .use(let keys): return keys
        case .refuse(let problem): throw OutboundError(problem)
        case .wait(let fetch):
            await fetch.value
            return try current(at: address)
        }
    }

    /// Newer keys at an address, because the known ones do not fit; nil if there are none, or if it is too early to ask.
    ///
    /// Another request may have fetched them since; a fetch is needed only if the known ones are still the latest.
    func newerKeys(at address: String, than known: FetchedKeys) async -> FetchedKeys? {
        let now = environment.now
        let fetch = entries.withLock { entries -> Task<Void, Never>? in
            guard var entry = entries[address], entry.keys === known else { return nil }
            if entry.mayAsk(at: now) { begin(&entry, address, now) }
            entries[address] = entry
            return entry.fetch
        }
        await fetch?.value
        guard let newest = try? current(at: address), newest !== known else { return nil }
        return newest
    }

    private func current(at address: String) throws -> FetchedKeys {
        let now = environment.now
        guard let entry = entries.withLock({ $0[address] }) else { throw OutboundError("the keys were dropped") }
        guard let keys = entry.fresh(at: now) else { throw OutboundError(entry.problem) }
        return keys
    }

    private func next(at address: String) -> Next {
        let now = environment.now
        return entries.withLock { entries in
            var entry = entries[address] ?? Entry(usedAt: now)
            entry.usedAt = now
            defer { entries[address] = entry }
            if entries[address] == nil { KeySets.makeRoom(in: &entries) }
            if let keys = entry.fresh(at: now) {
                if entry.refreshAt <= now, entry.mayAsk(at: now) { begin(&entry, address, now) }
                return .use(keys)
            }
            if entry.mayAsk(at: now) { begin(&entry, address, now) }
            return entry.fetch.map(Next.wait) ?? .refuse(entry.problem)
        }
    }

    private static func makeRoom(in entries: inout [String: Entry]) {
        guard entries.count >= most else { return }
        let idle = entries.filter { $0.value.fetch == nil }
        if let oldest = idle.min(by: { $0.value.usedAt < $1.value.usedAt }) { entries[oldest.key] = nil }
    }

    // MARK: fetching

    /// Begins a request, which belongs to no request of a client: it continues if that request is cancelled.
    private func begin(_ entry: inout Entry, _ address: String, _ now: Timestamp) {
        entry.askedAt = now
        entry.fetch = Task.detached { [self] in
            let result = await fetch(address)
            end(address, result)
        }
    }

    private func fetch(_ address: String) async -> Result<(FetchedKeys, Duration), OutboundError> {
        var request = OutboundRequest("GET", address)
        request.headers = [("accept", "application/jwk-set+json, application/json")]
        request.limit = KeySets.limit
        do {
            let reply = try await sender.send(request)
            guard reply.status == 200 else {
                throw OutboundError("the server answered with status \(reply.status)")
            }
            return .success((try parse(reply.body), KeySetLife.of(reply.headers)))
        } catch let error as OutboundError {
            return .failure(error)
        } catch {
            return .failure(OutboundError("\(error)"))
        }
    }

    private func parse(_ body: [UInt8]) throws -> FetchedKeys {
        guard let set = try? JSON(parsing: body) else { throw OutboundError("the keys are not JSON") }
        do {
            return FetchedKeys(try signatures.publicKeys(set))
        } catch {
            throw OutboundError("the keys cannot be used: \(error)")
        }
    }

    private func end(_ address: String, _ result: Result<(FetchedKeys, Duration), OutboundError>) {
        let now = environment.now
        entries.withLock { entries in
            guard var entry = entries[address] else { return }
            entry.fetch = nil
            switch result {
            case .success(let (keys, life)):
                entry.keys = keys
                (entry.freshUntil, entry.refreshAt) = (now + life, now + life * 4 / 5)
                entry.problem = "the keys have expired"
            case .failure(let error): entry.problem = error.description
            }
            entries[address] = entry
        }
        guard case .failure(let error) = result else { return }
        logger.warning(
            "the keys of another party cannot be fetched",
            metadata: ["url": "\(address)", "reason": "\(error.description)"])
    }
}
