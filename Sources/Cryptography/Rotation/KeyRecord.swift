// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// What the store keeps of the server's keys; which of them signs follows from the time alone.
public struct KeyRecord: Sendable, Hashable {
    /// A signing key that the server keeps.
    public struct Key: Sendable, Hashable {
        /// The thumbprint.
        public var id: String
        /// What it signs with.
        public var algorithm: SignatureAlgorithm
        /// When it was first published.
        public var announced: Timestamp
        /// When it begins to sign.
        public var from: Timestamp
        /// Until when some server said that it signs with it, if no later key does.
        public var usedUntil: Timestamp
        /// The longest life of a token that was seen while it signed, in seconds.
        public var longest: Int64
        /// The public half.
        public var publicJWK: JSON
        var secret: StoredSecret

        /// The id of the operator's key that it is sealed under, or nil.
        public var sealedUnder: String? { secret.sealedUnder }
    }

    /// The public half of a key that a configuration declared.
    public struct Declared: Sendable, Hashable {
        /// The thumbprint.
        public var id: String
        /// Until when some server said that it signs with it.
        public var usedUntil: Timestamp
        /// The longest life of a token that was seen while it signed, in seconds.
        public var longest: Int64
        /// The public half.
        public var publicJWK: JSON
    }

    /// A key for authentication codes.
    struct MAC: Sendable, Hashable {
        var id: String
        var secret: StoredSecret
    }

    /// The signing keys.
    public var keys: [Key] = []
    /// Keys that configurations declared.
    public var declared: [Declared] = []
    var macs: [MAC] = []
    /// Keys that were taken out before their time, the last ones.
    var withdrawn: [String] = []

    /// The key of an algorithm that signs at a moment: the one whose time began last, or will begin first.
    public func signing(_ algorithm: SignatureAlgorithm, at now: Timestamp) -> Key? {
        let all = ordered(algorithm)
        return all.last { $0.from <= now } ?? all.first
    }

    /// The key that signs after another.
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

    /// Reads a record, or one of the first form, whose keys then sign from now on.
    ///
    /// - Throws: `StoreError`, `CryptographyError`.
    init(_ json: JSON, now: Timestamp) throws {
        let unknown = StoreError("the keys in the store are of a form that this server does not know")
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

    /// A key that nobody has made yet.
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
