// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Why a change that somebody asked for was not made.
public struct KeyChangeError: Error, Sendable, CustomStringConvertible {
    /// What is in the way and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension KeyRecord {
    /// When a key is to begin to sign.
    public enum Start: Sendable {
        /// After everybody could learn of it.
        case announced
        /// At once, which others may notice until they have read the published keys again.
        case now
    }

    /// The record with a successor of the key that signs with an algorithm.
    ///
    /// - Parameters:
    ///   - algorithm: The algorithm.
    ///   - start: When it begins to sign.
    ///   - now: The current time.
    ///   - plan: The periods.
    ///   - make: Makes a key that is announced and signs at two moments.
    /// - Returns: The record and the successor, which may have been announced before.
    /// - Throws: What `make` throws.
    public func rotated(
        _ algorithm: SignatureAlgorithm, _ start: Start, now: Timestamp, plan: KeyPlan,
        make: (SignatureAlgorithm, _ announced: Timestamp, _ from: Timestamp) throws -> Key
    ) rethrows -> (record: KeyRecord, successor: Key) {
        var next = self
        let current = signing(algorithm, at: now)
        var successor =
            try current.flatMap(successor) ?? make(algorithm, now, moment(algorithm, .announced, now: now, plan: plan))
        if start == .now { successor.from = moment(algorithm, .now, now: now, plan: plan) }
        // Also if it is replaced before a server has looked at it.
        successor.longest = max(successor.longest, current?.longest ?? 0)
        next.keys.removeAll { $0.id == successor.id }
        next.keys.append(successor)
        return (next, successor)
    }

    /// When a key that is added now begins to sign.
    public func moment(
        _ algorithm: SignatureAlgorithm, _ start: Start, now: Timestamp, plan: KeyPlan
    ) -> Timestamp {
        guard let current = signing(algorithm, at: now) else { return now }
        // No two keys begin in the same second.
        let soonest = max(now, current.from + .seconds(1))
        return start == .now ? soonest : max(soonest, now + plan.announce)
    }

    /// The record with a key that somebody brought along.
    ///
    /// - Throws: `KeyChangeError` if the key is there already.
    public func imported(_ key: Key) throws -> KeyRecord {
        guard !keys.contains(where: { $0.id == key.id }), !declared.contains(where: { $0.id == key.id }) else {
            throw KeyChangeError("the key '\(key.id)' is there already")
        }
        var (next, key) = (self, key)
        key.longest = keys.filter { $0.algorithm == key.algorithm }.map(\.longest).max() ?? 0
        next.keys.append(key)
        return next
    }

    /// The record without a key; what it signed no longer verifies.
    ///
    /// - Parameters:
    ///   - id: The key.
    ///   - now: The current time.
    ///   - needs: What the server needs.
    /// - Returns: The record.
    /// - Throws: `KeyChangeError` if the key is unknown, or if nothing would sign or could verify without it.
    public func retired(_ id: String, now: Timestamp, needs: KeyNeeds) throws -> KeyRecord {
        guard !needs.declared.contains(where: { $0.id == id }) else {
            throw KeyChangeError("the configuration declares '\(id)': take it out of 'keys.signing' and reload first")
        }
        if let key = keys.first(where: { $0.id == id }) { try checkRetiring(key, now, needs) }
        guard keys.contains(where: { $0.id == id }) || declared.contains(where: { $0.id == id }) else {
            throw KeyChangeError("there is no key '\(id)'; 'grantor keys list' shows all")
        }
        var next = self
        next.keys.removeAll { $0.id == id }
        next.declared.removeAll { $0.id == id }
        next.withdrawn = (withdrawn + [id]).suffix(100)
        return next
    }

    private func checkRetiring(_ key: Key, _ now: Timestamp, _ needs: KeyNeeds) throws {
        guard needs.generated.contains(key.algorithm), signing(key.algorithm, at: now)?.id == key.id else { return }
        let name = key.algorithm.rawValue
        throw KeyChangeError(
            "'\(key.id)' signs with \(name): make a successor with 'grantor keys rotate --algorithm \(name)', which "
                + "signs at once with '--now', and retire this one then")
    }
}
