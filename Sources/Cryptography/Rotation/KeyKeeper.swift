// SPDX-License-Identifier: Apache-2.0

import Dispatch
public import GrantKit

/// Keeps one server's ring in step with the record that all servers share.
public actor KeyKeeper {
    /// What the configuration says of the keys.
    public struct Settings: Sendable {
        /// The periods.
        public var plan: KeyPlan
        /// What private keys are sealed with.
        public var sealing: Sealing
        /// What is needed.
        public var needs: KeyNeeds

        /// Makes settings.
        public init(plan: KeyPlan = KeyPlan(), sealing: Sealing = Sealing(), needs: KeyNeeds) {
            self.plan = plan
            self.sealing = sealing
            self.needs = needs
        }
    }

    /// What a look at the record came to.
    public enum Outcome: Sendable {
        /// The ring is as it was.
        case unchanged
        /// There is another ring.
        case changed(ServerKeyRing)
    }

    private let store: any Store
    /// Called in the order in which rings follow each other, which two callers that are handed one could not keep.
    private let serve: @Sendable (ServerKeyRing, _ cache: Duration) -> Void
    private var settings: Settings
    private var record: KeyRecord?
    private var ring: ServerKeyRing?
    /// Keys that were opened, so that a key is read once and keeps what it has ready.
    private var opened: [String: SigningKey] = [:]
    /// Keys that something may still sign with that began under the former settings.
    private var retained: (keys: [SigningKey], until: Timestamp) = ([], Timestamp(seconds: 0))
    /// Making an RSA key takes tenths of a second, in which a thread that serves requests would answer nobody.
    private let workshop = DispatchQueue(label: "keys")
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Keeps the keys of a store.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - settings: What the configuration says.
    ///   - serve: Signs with a ring from then on, and lets others keep its public keys for a time.
    public init(
        _ store: any Store, _ settings: Settings,
        serve: @escaping @Sendable (ServerKeyRing, _ cache: Duration) -> Void = { _, _ in }
    ) {
        self.store = store
        self.settings = settings
        self.serve = serve
    }

    // MARK: steps

    /// Makes what is missing and gives the ring: at the start, and before a generation with other needs is installed.
    ///
    /// - Parameters:
    ///   - settings: What the configuration says; nil for what it said before.
    ///   - now: The current time.
    /// - Returns: The ring; nothing has changed if an error is thrown.
    /// - Throws: `StoreError`, `CryptographyError`.
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

    /// Looks at the record and does what is due.
    ///
    /// - Parameter now: The current time.
    /// - Returns: What changed; if an error is thrown, the former ring is the one to go on with.
    /// - Throws: `StoreError`, `CryptographyError`.
    public func look(now: Timestamp) async throws -> Outcome {
        try await exclusively {
            let record = try await updatedRecord(settings, now)
            try await openAll(record, settings, now)
            self.record = record
            return try advance(now: now)
        }
    }

    /// One at a time, since an actor lets others in while it waits for the store.
    private func exclusively<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            isBusy = !waiting.isEmpty
            if !waiting.isEmpty { waiting.removeFirst().resume() }
        }
        return try await body()
    }

    /// Lets keys that are known begin to sign when their time comes, for which the store is not needed.
    ///
    /// - Parameter now: The current time.
    /// - Returns: What changed.
    /// - Throws: `StoreError`, `CryptographyError`.
    public func advance(now: Timestamp) throws -> Outcome {
        guard let record else { return .unchanged }
        let next = try makeRing(record, settings, now)
        guard next.names != ring?.names else { return .unchanged }
        ring = next
        serve(next, settings.plan.cache)
        return .changed(next)
    }

    /// When a key is announced, begins to sign or goes next.
    public func nextStep(now: Timestamp) -> Timestamp? {
        record.flatMap { settings.plan.nextStep($0, after: now, needs: settings.needs) }
    }

    /// How long to wait until the next look.
    public func pause(now: Timestamp) -> Duration {
        min(settings.plan.polling, nextStep(now: now).map { $0 - now } ?? settings.plan.polling)
    }

    // MARK: record and ring

    /// The record of the store, with the steps taken that are due.
    private func updatedRecord(_ settings: Settings, _ now: Timestamp) async throws -> KeyRecord {
        let keys = StoredKeys(store, sealing: settings.sealing)
        let (former, workshop) = (record, workshop)
        return try await keys.change(now: now) { stored in
            if let former, let lost = stored.map({ settings.plan.lost($0, since: former, at: now) }) ?? "all" {
                throw StoreError("the store has lost keys that are still needed: \(lost); the former ones are served")
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

    /// Opens the keys that sign and those that will, so that nothing is left to do when their time comes.
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
        // A private key that was taken out of the configuration is not to stay in memory.
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
            macKeys: try record.macs.map(keys.open))
    }

    /// Requests in progress may ask for an algorithm that the next settings do not.
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
