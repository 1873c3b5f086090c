// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The record of the server's keys in the store; which key signs depends only on the record and the time.
public struct KeyRecord: Sendable, Hashable {
    /// A signing key kept in the store.
    public struct Key: Sendable, Hashable {
        /// The key's RFC 7638 thumbprint.
        public var id: String
        /// The algorithm.
        public var algorithm: SignatureAlgorithm
        /// The time at which the key was first published.
        public var announced: Timestamp
        /// The time from which the key signs.
        public var from: Timestamp
        /// The end of the last lease: until then, some server may sign with the key unless a later key signs.
        public var usedUntil: Timestamp
        /// The longest token lifetime, in seconds, that was configured while the key signed.
        public var longest: Int64
        /// The public half.
        public var publicJWK: JSON
        var secret: StoredSecret

        /// The id of the operator's key that seals this key; nil if it is not sealed.
        public var sealedUnder: String? { secret.sealedUnder }
    }

    /// The public half of a key that is or was declared in a configuration.
    public struct Declared: Sendable, Hashable {
        /// The key's RFC 7638 thumbprint.
        public var id: String
        /// The end of the last lease: until then, some server may sign with the key.
        public var usedUntil: Timestamp
        /// The longest token lifetime, in seconds, that was configured while the key signed.
        public var longest: Int64
        /// The public half.
        public var publicJWK: JSON
    }

    /// A key for message authentication codes.
    struct MAC: Sendable, Hashable {
        var id: String
        var secret: StoredSecret
    }

    /// The signing keys.
    public var keys: [Key] = []
    /// The keys that are or were declared in configurations.
    public var declared: [Declared] = []
    var macs: [MAC] = []
    /// The ids of the keys that were last retired by a command.
    var withdrawn: [String] = []

    /// The key of an algorithm that signs at a given time: the last one that has begun to sign, or else the first one
    /// that will.
    public func signing(_ algorithm: SignatureAlgorithm, at now: Timestamp) -> Key? {
        let all = ordered(algorithm)
        return all.last { $0.from <= now } ?? all.first
    }

    /// The key that signs after another one.
    public func successor(of key: Key) -> Key? {
        let all = ordered(key.algorithm)
        return all.firstIndex { $0.id == key.id }.flatMap { all.dropFirst($0 + 1).first }
    }

    private func ordered(_ algorithm: SignatureAlgorithm) -> [Key] {
        keys.filter { $0.algorithm == algorithm }.sorted { ($0.from.seconds, $0.id) < ($1.from.seconds, $1.id) }
    }

    mutating func change(_ id: String, _ body: (inout Key) -> Void) {
        if let place = keys.firstIndex(where: { $0.id == id }) { body(&keys[place]) }
    }
}

// MARK: in the store

extension KeyRecord {
    private static let version: Int64 = 2

    var json: JSON {
        [
            "v": .integer(KeyRecord.version), "signing": .array(keys.map(\.json)),
            "declared": .array(declared.map(\.json)),
            "mac": .array(macs.map { ["id": .string($0.id), "key": $0.secret.json] }), "withdrawn": .strings(withdrawn),
        ]
    }

    /// Parses a record; the keys of a record in version 1 sign from now on.
    ///
    /// - Throws: `StoreError`, `CryptographyError`.
    init(_ json: JSON, now: Timestamp) throws {
        let unknown = StoreError("the keys in the store have a format that this server does not know")
        let signing = json["signing"]?.elements ?? []
        macs = (json["mac"]?.elements ?? []).compactMap(MAC.init)
        guard !macs.isEmpty, macs.count == json["mac"]?.elements.count else { throw unknown }
        switch json["v"]?.integer {
        case 1:
            keys = try signing.map { entry in
                let key = try SigningKey(pem: Secret(entry["pem"]?.string ?? ""))
                return Key(key, .open(Secret(entry["pem"]?.string ?? "")), announced: now, from: now)
            }
        case KeyRecord.version:
            keys = signing.compactMap(Key.init)
            declared = (json["declared"]?.elements ?? []).compactMap(Declared.init)
            guard keys.count == signing.count, declared.count == (json["declared"]?.elements ?? []).count else {
                throw unknown
            }
            withdrawn = json["withdrawn"]?.strings ?? []
        default: throw unknown
        }
    }
}

extension KeyRecord.Key {
    init(_ key: SigningKey, _ secret: StoredSecret, announced: Timestamp, from: Timestamp) {
        self.init(
            id: key.id, algorithm: key.signatureAlgorithm, announced: announced, from: from,
            usedUntil: from + KeyPlan.lease, longest: 0, publicJWK: key.publicJWK, secret: secret)
    }

    /// Creates a placeholder for a key that does not exist yet.
    init(planned id: String, _ algorithm: SignatureAlgorithm, announced: Timestamp, from: Timestamp) {
        self.init(
            id: id, algorithm: algorithm, announced: announced, from: from, usedUntil: from + KeyPlan.lease,
            longest: 0, publicJWK: .null, secret: .open(Secret("")))
    }

    fileprivate init?(_ json: JSON) {
        guard let id = json["kid"]?.string, let announced = json["announced"]?.integer,
            let algorithm = SignatureAlgorithm(rawValue: json["alg"]?.string ?? ""), let from = json["from"]?.integer,
            let usedUntil = json["used_until"]?.integer, let longest = json["longest"]?.integer,
            let publicJWK = json["public"], let secret = StoredSecret(json["pem"])
        else { return nil }
        self.init(
            id: id, algorithm: algorithm, announced: Timestamp(seconds: announced), from: Timestamp(seconds: from),
            usedUntil: Timestamp(seconds: usedUntil), longest: longest, publicJWK: publicJWK, secret: secret)
    }

    fileprivate var json: JSON {
        [
            "kid": .string(id), "alg": .string(algorithm.rawValue), "announced": .integer(announced.seconds),
            "from": .integer(from.seconds), "used_until": .integer(usedUntil.seconds), "longest": .integer(longest),
            "public": publicJWK, "pem": secret.json,
        ]
    }
}

extension KeyRecord.Declared {
    fileprivate init?(_ json: JSON) {
        guard let id = json["kid"]?.string, let usedUntil = json["used_until"]?.integer,
            let longest = json["longest"]?.integer, let publicJWK = json["public"]
        else { return nil }
        self.init(id: id, usedUntil: Timestamp(seconds: usedUntil), longest: longest, publicJWK: publicJWK)
    }

    fileprivate var json: JSON {
        [
            "kid": .string(id), "used_until": .integer(usedUntil.seconds), "longest": .integer(longest),
            "public": publicJWK,
        ]
    }
}

extension KeyRecord.MAC {
    fileprivate init?(_ json: JSON) {
        guard let id = json["id"]?.string, let secret = StoredSecret(json["key"]) else { return nil }
        self.init(id: id, secret: secret)
    }
}
