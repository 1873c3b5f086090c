// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The schedule of key rotation.
///
/// Every step is a function of the record, the time and the needs, so several servers on one store agree on the keys
/// without talking to each other.
public struct KeyPlan: Sendable, Equatable {
    /// How long a key signs.
    public var rotateEvery: Duration
    /// How long a key is published before it signs.
    public var announce: Duration
    /// How long others may cache the published keys.
    public var cache: Duration

    /// How far ahead a server records that it signs with a key.
    static let lease = Duration.seconds(3600)

    /// Creates a plan.
    public init(
        rotateEvery: Duration = .seconds(90 * 86400), announce: Duration = .seconds(86400),
        cache: Duration = .seconds(300)
    ) {
        self.rotateEvery = rotateEvery
        self.announce = announce
        self.cache = cache
    }

    /// The interval between reads of the record: how long a server may still verify with a key that was withdrawn, or
    /// not yet with one that signs at once elsewhere.
    ///
    /// An announced key is published by every server before it is needed, since `announce` is two seconds longer than
    /// `cache`.
    static let polling = Duration.seconds(1)

    /// The tolerated difference between clocks.
    private var slack: Duration { min(.seconds(60), announce) }

    /// The time at which the last token of a key has expired.
    public func end(of key: KeyRecord.Key, in record: KeyRecord) -> Timestamp {
        let stop = record.successor(of: key).map { min($0.from, key.usedUntil) } ?? key.usedUntil
        return stop + .seconds(key.longest) + slack
    }

    /// The time at which the last token of a declared key has expired, once no server declares it any more.
    public func end(of key: KeyRecord.Declared) -> Timestamp {
        key.usedUntil + .seconds(key.longest) + slack
    }

    // MARK: the next record

    /// The next record at a given time; nil if nothing has to change.
    ///
    /// - Parameters:
    ///   - record: The record in the store.
    ///   - now: The time.
    ///   - needs: The server's need for keys.
    ///   - make: Generates a key with the times at which it is announced and begins to sign.
    /// - Returns: The next record.
    /// - Throws: What `make` throws.
    public func next(
        _ record: KeyRecord, at now: Timestamp, needs: KeyNeeds,
        make: (SignatureAlgorithm, _ announced: Timestamp, _ from: Timestamp) throws -> KeyRecord.Key
    ) rethrows -> KeyRecord? {
        var next = record
        for algorithm in needs.generated { try provide(algorithm, in: &next, now, needs, make) }
        for key in needs.declared { keep(key, in: &next, now, needs) }
        let all = next
        next.keys.removeAll { end(of: $0, in: all) <= now }
        next.declared.removeAll { end(of: $0) <= now }
        return next == record ? nil : next
    }

    private func provide(
        _ algorithm: SignatureAlgorithm, in record: inout KeyRecord, _ now: Timestamp, _ needs: KeyNeeds,
        _ make: (SignatureAlgorithm, Timestamp, Timestamp) throws -> KeyRecord.Key
    ) rethrows {
        guard let current = record.signing(algorithm, at: now) else {
            // The next request may need the key, so it signs at once, although caches of the published keys do not have
            // it yet. An operator to whom that matters announces it before, with 'grantor keys rotate --algorithm'.
            var first = try make(algorithm, now, now)
            first.longest = needs.longest
            return record.keys.append(first)
        }
        record.change(current.id) { $0.usedUntil = KeyPlan.renewed($0.usedUntil, now) }
        if record.successor(of: current) == nil, now >= current.from + rotateEvery - announce {
            record.keys.append(try make(algorithm, now, max(now + announce, current.from + rotateEvery)))
        }
        for key in record.keys where key.algorithm == algorithm && (key.id == current.id || key.from > now) {
            record.change(key.id) { $0.longest = max($0.longest, needs.longest) }
        }
    }

    /// Records a declared key, so that it stays published until its tokens have expired even if it is removed from the
    /// configuration.
    private func keep(_ key: SigningKey, in record: inout KeyRecord, _ now: Timestamp, _ needs: KeyNeeds) {
        let longest = needs.longest
        guard let place = record.declared.firstIndex(where: { $0.id == key.id && $0.publicJWK == key.publicJWK }) else {
            record.declared.removeAll { $0.id == key.id }
            return record.declared.append(
                .init(id: key.id, usedUntil: now + KeyPlan.lease, longest: longest, publicJWK: key.publicJWK))
        }
        record.declared[place].usedUntil = KeyPlan.renewed(record.declared[place].usedUntil, now)
        record.declared[place].longest = max(record.declared[place].longest, longest)
    }

    /// Renews a lease in the second half of its time, so that not every check of the record writes it.
    private static func renewed(_ usedUntil: Timestamp, _ now: Timestamp) -> Timestamp {
        usedUntil < now + lease / 2 ? now + lease : usedUntil
    }

    // MARK: forecast

    /// The next time at which a key is announced, begins to sign or is removed.
    public func nextStep(_ record: KeyRecord, after now: Timestamp, needs: KeyNeeds) -> Timestamp? {
        var steps = record.keys.map(\.from)
        for algorithm in needs.generated {
            guard let current = record.signing(algorithm, at: now), record.successor(of: current) == nil else {
                continue
            }
            steps.append(max(now + .seconds(1), current.from + rotateEvery - announce))
        }
        let signing = needs.generated.compactMap { record.signing($0, at: now)?.id }
        steps += record.keys.filter { !signing.contains($0.id) }.map { end(of: $0, in: record) }
        let declared = needs.declared.map(\.id)
        steps += record.declared.filter { !declared.contains($0.id) }.map(end)
        return steps.filter { $0 > now }.min()
    }

    /// A step in the life of a key.
    public struct Event: Sendable, Equatable {
        /// The kind of a step.
        public enum Kind: String, Sendable {
            /// The key is published.
            case announced
            /// The key begins to sign.
            case signs
            /// The key stops signing and stays published.
            case retired
            /// The key is no longer published.
            case removed
        }

        /// The time of the step.
        public var moment: Timestamp
        /// The key's id; `new-1` and so on for a key that does not exist yet.
        public var key: String
        /// The key's algorithm.
        public var algorithm: SignatureAlgorithm
        /// The kind of the step.
        public var kind: Kind
    }

    /// The steps to come if nothing else changes.
    ///
    /// - Parameters:
    ///   - record: The record in the store.
    ///   - now: The current time.
    ///   - needs: The server's need for keys.
    ///   - count: The maximum number of events.
    /// - Returns: The events in order.
    public func timeline(
        _ record: KeyRecord, from now: Timestamp, needs: KeyNeeds, count: Int
    ) -> [Event] {
        var (record, time, number, events) = (record, now, 0, [Event]())
        func pass(_ moment: Timestamp) {
            let next = next(record, at: moment, needs: needs) { algorithm, announced, from in
                number += 1
                return .init(planned: "new-\(number)", algorithm, announced: announced, from: from)
            }
            guard let next else { return }
            for key in record.keys where !next.keys.contains(where: { $0.id == key.id }) {
                events.append(Event(moment: moment, key: key.id, algorithm: key.algorithm, kind: .removed))
            }
            for key in next.keys where !record.keys.contains(where: { $0.id == key.id }) {
                events.append(Event(moment: moment, key: key.id, algorithm: key.algorithm, kind: .announced))
            }
            record = next
        }
        pass(now)
        while events.count < count, let step = nextStep(record, after: time, needs: needs) {
            // By then, a server would have renewed its leases.
            pass(max(time, step - .seconds(1)))
            for key in record.keys where key.from == step {
                if let former = record.signing(key.algorithm, at: step - .seconds(1)), former.id != key.id {
                    events.append(Event(moment: step, key: former.id, algorithm: key.algorithm, kind: .retired))
                }
                events.append(Event(moment: step, key: key.id, algorithm: key.algorithm, kind: .signs))
            }
            pass(step)
            time = step
        }
        return Array(events.prefix(count))
    }

    /// A key that is missing from a record although it should still be there, so that the store must have lost it.
    ///
    /// A key that ends soon is not missed, since a server whose clock is ahead may have removed it a little earlier.
    func lost(_ record: KeyRecord, since former: KeyRecord, at now: Timestamp) -> String? {
        let ids = Set(record.keys.map(\.id) + record.declared.map(\.id) + record.withdrawn)
        let soon = now + slack
        let missing = former.keys.filter { !ids.contains($0.id) && end(of: $0, in: former) > soon }.map(\.id)
        return missing.first ?? former.declared.first { !ids.contains($0.id) && end(of: $0) > soon }?.id
    }
}

private func - (moment: Timestamp, span: Duration) -> Timestamp {
    moment + (.zero - span)
}
