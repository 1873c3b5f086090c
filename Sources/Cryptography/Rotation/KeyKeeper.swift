// SPDX-License-Identifier: Apache-2.0

import Dispatch
public import GrantKit

/// Keeps a server's key ring in step with the record that all servers on a store share.
public actor KeyKeeper {
    /// The configured settings for keys.
    public struct Settings: Sendable {
        /// The periods of key rotation.
        public var plan: KeyPlan
        /// The keys that seal private keys in the store.
        public var sealing: Sealing
        /// The server's need for keys.
        public var needs: KeyNeeds

        /// Creates settings.
        public init(plan: KeyPlan = KeyPlan(), sealing: Sealing = Sealing(), needs: KeyNeeds) {
            self.plan = plan
            self.sealing = sealing
            self.needs = needs
        }
    }

    /// The result of checking the record.
    public enum Outcome: Sendable {
        /// The ring has not changed.
        case unchanged
        /// The ring was replaced.
        case changed(ServerKeyRing)
    }

    private let store: any Store
    /// Called with each new ring, in order; two callers that got rings returned could apply them in the wrong order.
    private let serve: @Sendable (ServerKeyRing, _ cache: Duration) -> Void
    private let clock: @Sendable () -> Timestamp
    private var settings: Settings
    private var record: KeyRecord?
    private var ring: ServerKeyRing?
    /// The opened keys, so that each key is parsed only once and keeps its contexts.
    private var opened: [String: SigningKey] = [:]
    /// Keys of the previous settings, with which requests in progress may still sign.
    private var retained: (keys: [SigningKey], until: Timestamp) = ([], Timestamp(seconds: 0))
    /// The queue for key generation, which would block a thread that serves requests for tenths of a second.
    private let workshop = DispatchQueue(label: "keys")
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Creates a keeper for the keys in a store.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - settings: The configured settings.
    ///   - serve: Starts to use a ring; others may cache its public keys for the given time.
    ///   - clock: The current time for rings, which tests set.
    public init(
        _ store: any Store, _ settings: Settings,
        serve: @escaping @Sendable (ServerKeyRing, _ cache: Duration) -> Void = { _, _ in },
        clock: @escaping @Sendable () -> Timestamp = ServerKeyRing.systemClock
    ) {
        self.store = store
        self.settings = settings
        self.serve = serve
        self.clock = clock
    }

    // MARK: steps

    /// Generates missing keys and opens the ring; called at the start and before a reload changes the needs.
    ///
    /// - Parameters:
    ///   - settings: The new settings; nil to keep the current ones.
    ///   - now: The current time.
    /// - Returns: The ring.
    /// - Throws: `StoreError`, `CryptographyError`; the ring and the settings are then unchanged.
    public func open(_ settings: Settings? = nil, now: Timestamp) async throws -> ServerKeyRing {
        try await exclusively {
            let next = settings ?? self.settings
            let record = try await updatedRecord(next, now)
            try await openAll(record, next, now)
            retain(next, now)
            let ring = try makeRing(record, next, now)
            (self.settings, self.record, self.ring) = (next, record, ring)
            serve(ring, next.plan.cache)
            return ring
        }
    }

    /// Reads the record and takes the steps that are due.
    ///
    /// - Parameter now: The current time.
    /// - Returns: The new ring, if it has changed.
    /// - Throws: `StoreError`, `CryptographyError`; the current ring then stays in use.
    public func look(now: Timestamp) async throws -> Outcome {
        try await exclusively {
            let record = try await updatedRecord(settings, now)
            try await openAll(record, settings, now)
            self.record = record
            return try advance(now: now)
        }
    }

    /// Runs one body at a time, since an actor is reentrant while it waits for the store.
    private func exclusively<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            isBusy = !waiting.isEmpty
            if !waiting.isEmpty { waiting.removeFirst().resume() }
        }
        return try await body()
    }

    /// Lets known keys begin to sign when they are due, without access to the store.
    ///
    /// - Parameter now: The current time.
    /// - Returns: The new ring, if it has changed.
    /// - Throws: `StoreError`, `CryptographyError`.
    public func advance(now: Timestamp) throws -> Outcome {
        guard let record else { return .unchanged }
        let next = try makeRing(record, settings, now)
        guard next.names != ring?.names else { return .unchanged }
        ring = next
        serve(next, settings.plan.cache)
        return .changed(next)
    }

    /// The next time at which a key is announced, begins to sign or is removed.
    public func nextStep(now: Timestamp) -> Timestamp? {
        record.flatMap { settings.plan.nextStep($0, after: now, needs: settings.needs) }
    }

    /// How long to wait until the record has to be read again.
    public func pause(now: Timestamp) -> Duration {
        min(KeyPlan.polling, nextStep(now: now).map { $0 - now } ?? KeyPlan.polling)
    }

    // MARK: record and ring

    /// The record in the store, after taking the steps that are due.
    private func updatedRecord(_ settings: Settings, _ now: Timestamp) async throws -> KeyRecord {
        let keys = StoredKeys(store, sealing: settings.sealing)
        let (former, workshop) = (record, workshop)
        return try await keys.change(now: now) { stored in
            if let former, let lost = stored.map({ settings.plan.lost($0, since: former, at: now) }) ?? "all" {
                throw StoreError("the store has lost keys that are still needed: \(lost); the known keys stay in use")
            }
            return try await KeyKeeper.run(in: workshop) {
                var base = stored ?? KeyRecord()
                if base.macs.isEmpty { base.macs = [try keys.makeMAC()] }
                let next = try settings.plan.next(base, at: now, needs: settings.needs, make: keys.make)
                return next ?? (base == stored ? nil : base)
            }
        }
    }

    private static func run<Value: Sendable>(
        in queue: DispatchQueue, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Opens the keys that sign now and those that will, so that they are ready when they are due.
    private func openAll(_ record: KeyRecord, _ settings: Settings, _ now: Timestamp) async throws {
        let keys = StoredKeys(store, sealing: settings.sealing)
        let missing = record.keys.filter { key in
            let isNext = key.from > now || record.signing(key.algorithm, at: now)?.id == key.id
            return opened[key.id] == nil && isNext && settings.needs.generated.contains(key.algorithm)
        }
        guard !missing.isEmpty else { return }
        for key in try await KeyKeeper.run(in: workshop, { try missing.map(keys.open) }) { opened[key.id] = key }
    }

    private func makeRing(_ record: KeyRecord, _ settings: Settings, _ now: Timestamp) throws -> ServerKeyRing {
        let keys = StoredKeys(store, sealing: settings.sealing)
        let current = settings.needs.generated.compactMap { record.signing($0, at: now) }
        let needed = settings.needs.declared + (try current.map { try open($0, keys) })
        // A private key that was removed from the configuration must not stay in memory.
        if now >= retained.until { retained.keys = [] }
        let signing = needed + retained.keys
        let own = Set(signing.map(\.id))
        let others =
            record.keys.sorted { ($0.from.seconds, $0.id) < ($1.from.seconds, $1.id) }
            .map { ($0.id, $0.publicJWK) } + record.declared.map { ($0.id, $0.publicJWK) }
        guard !signing.isEmpty else { throw StoreError("there is no key to sign with") }
        opened = opened.filter { entry in record.keys.contains { $0.id == entry.key } }
        return ServerKeyRing(
            signingKeys: signing, otherKeys: others.filter { !own.contains($0.0) }.map(\.1),
            macKeys: try record.macs.map(keys.open), clock: clock)
    }

    /// Retains keys for requests in progress, which may use an algorithm that the next settings do not.
    private func retain(_ next: Settings, _ now: Timestamp) {
        let algorithms = Set(next.needs.generated + next.needs.declared.map(\.signatureAlgorithm))
        let former = ring?.signingKeys.filter { !algorithms.contains($0.signatureAlgorithm) } ?? []
        retained = (former, now + .seconds(60))
    }

    private func open(_ key: KeyRecord.Key, _ keys: StoredKeys) throws -> SigningKey {
        if let known = opened[key.id] { return known }
        let fresh = try keys.open(key)
        opened[key.id] = fresh
        return fresh
    }
}
