// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The periods by which keys change.
///
/// What happens when is a function of record, time and needs alone, so several servers on one store come to the same
/// keys without speaking to each other.
public struct KeyPlan: Sendable, Equatable {
    /// How long a key signs.
    public var rotateEvery: Duration
    /// How long a key is published before it signs.
    public var announce: Duration
    /// How long others may keep the published keys.
    public var cache: Duration

    /// How long a server says in advance that it signs with a key.
    static let lease = Duration.seconds(3600)

    /// Makes a plan.
    public init(
        rotateEvery: Duration = .seconds(90 * 86400), announce: Duration = .seconds(86400),
        cache: Duration = .seconds(300)
    ) {
        self.rotateEvery = rotateEvery
        self.announce = announce
        self.cache = cache
    }

    /// How often the record is looked at: often enough that all servers publish a key before it may have to be known.
    public var polling: Duration {
        min(.seconds(5), max(.seconds(1), (announce - cache) / 2))
    }

    /// What clocks may differ by.
    private var slack: Duration { min(.seconds(60), announce) }

    /// When the last token of a key has ended.
    public func end(of key: KeyRecord.Key, in record: KeyRecord) -> Timestamp {
        let stop = record.successor(of: key).map { min($0.from, key.usedUntil) } ?? key.usedUntil
        return stop + .seconds(key.longest) + slack
    }

    /// When the last token of a declared key has ended, if no server declares it any more.
    public func end(of key: KeyRecord.Declared) -> Timestamp {
        key.usedUntil + .seconds(key.longest) + slack
    }

    // MARK: the next record

    /// What has to be written at a moment, or nil if the record is as it should be.
    ///
    /// - Parameters:
    ///   - record: What the store keeps.
    ///   - now: The moment.
    ///   - needs: What the server needs.
    ///   - make: Makes a key that is announced and signs at two moments.
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
            // The next request may ask for it. Whoever keeps the published keys does not know it yet: where that
            // matters it is made beforehand, by 'grantor keys rotate --algorithm'.
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

    /// A declared key stays published for as long as its tokens live, also when the file no longer has it.
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

    /// Written twice in its time and not at each look.
    private static func renewed(_ usedUntil: Timestamp, _ now: Timestamp) -> Timestamp {
        usedUntil < now + lease / 2 ? now + lease : usedUntil
    }

    // MARK: what comes

    /// The next moment at which a key is announced, begins to sign or goes.
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

    /// What happens to keys.
    public struct Event: Sendable, Equatable {
        /// What happens.
        public enum Kind: String, Sendable {
            /// It is published.
            case announced
            /// It begins to sign.
            case signs
            /// It stops to sign and stays published.
            case retired
            /// It is published no longer.
            case removed
        }

        /// When.
        public var moment: Timestamp
        /// The key's id, or `new-1` and so on for a key that is not made yet.
        public var key: String
        /// The key's algorithm.
        public var algorithm: SignatureAlgorithm
        /// What happens.
        public var kind: Kind
    }

    /// What will happen if nothing else does.
    ///
    /// - Parameters:
    ///   - record: What the store keeps.
    ///   - now: The current time.
    ///   - needs: What the server needs.
    ///   - count: How many events at the most.
    /// - Returns: The events, in their order.
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
            // A server would have said meanwhile that it goes on.
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

    /// Whether a record that was read lacks a key which it should still have: then the store was changed by others.
    ///
    /// A server whose clock is ahead takes a key out a little earlier.
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
