// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The reason why a change of the keys was refused.
public struct KeyChangeError: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension KeyRecord {
    /// When an added key begins to sign.
    public enum Start: Sendable {
        /// After it was announced, when every verifier knows it.
        case announced
        /// At once; verification may fail until others have read the published keys again.
        case now
    }

    /// Adds a successor for the signing key of an algorithm.
    ///
    /// - Parameters:
    ///   - algorithm: The algorithm.
    ///   - start: When the successor begins to sign.
    ///   - now: The current time.
    ///   - plan: The periods of key rotation.
    ///   - make: Generates a key with the times at which it is announced and begins to sign.
    /// - Returns: The next record, and the successor, which may have been announced before.
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
        // Set here, since the key may be replaced before a server has read the record.
        successor.longest = max(successor.longest, current?.longest ?? 0)
        next.keys.removeAll { $0.id == successor.id }
        next.keys.append(successor)
        return (next, successor)
    }

    /// The time at which a key that is added now begins to sign.
    public func moment(
        _ algorithm: SignatureAlgorithm, _ start: Start, now: Timestamp, plan: KeyPlan
    ) -> Timestamp {
        guard let current = signing(algorithm, at: now) else { return now }
        // No two keys begin to sign in the same second.
        let soonest = max(now, current.from + .seconds(1))
        return start == .now ? soonest : max(soonest, now + plan.announce)
    }

    /// Adds an imported key.
    ///
    /// - Returns: The next record.
    /// - Throws: `KeyChangeError` if the record already contains the key.
    public func imported(_ key: Key) throws -> KeyRecord {
        guard !keys.contains(where: { $0.id == key.id }), !declared.contains(where: { $0.id == key.id }) else {
            throw KeyChangeError("the key '\(key.id)' already exists")
        }
        var (next, key) = (self, key)
        key.longest = keys.filter { $0.algorithm == key.algorithm }.map(\.longest).max() ?? 0
        next.keys.append(key)
        return next
    }

    /// Removes a key, so that tokens it signed can no longer be verified.
    ///
    /// - Parameters:
    ///   - id: The key's id.
    ///   - now: The current time.
    ///   - needs: The server's need for keys.
    /// - Returns: The next record.
    /// - Throws: `KeyChangeError` if the key is unknown, declared in the configuration, or needed for signing.
    public func retired(_ id: String, now: Timestamp, needs: KeyNeeds) throws -> KeyRecord {
        guard !needs.declared.contains(where: { $0.id == id }) else {
            throw KeyChangeError("the configuration declares '\(id)'; remove it from 'keys.signing' and reload first")
        }
        if let key = keys.first(where: { $0.id == id }) { try checkRetiring(key, now, needs) }
        guard keys.contains(where: { $0.id == id }) || declared.contains(where: { $0.id == id }) else {
            throw KeyChangeError("there is no key '\(id)'; 'grantor keys list' shows all keys")
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
            "'\(key.id)' is the signing key for \(name); replace it first with 'grantor keys rotate --algorithm "
                + "\(name) --now', then retire it")
    }
}
