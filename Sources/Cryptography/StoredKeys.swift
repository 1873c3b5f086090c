// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The keys that a server made for itself, as they stand in its store.
public enum StoredKeys {
    /// The collection that they stand in.
    public static let collection = StoreCollection("key_ring")
    private static let key = StoreKey("key_ring", "current")
    private static let never = Timestamp(seconds: 253_402_300_799)

    /// Reads the keys, or makes them at the first start; of several processes that race, one makes them for all.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - declared: Signing keys of the configuration; if there are any, a generated one is not used.
    /// - Returns: The keys.
    /// - Throws: `StoreError`, `CryptographyError`.
    public static func load(from store: any Store, declared: [SigningKey]) async throws -> ServerKeyRing {
        if let record = try await store.read(key) { return try ring(record, declared) }
        let fresh = StoreRecord(key, try generate(), expiresAt: never)
        switch try await store.write([.create(fresh)]) {
        case .committed: return try ring(fresh, declared)
        case .conflict(_, let found?): return try ring(found, declared)
        default: throw StoreError("the store refused the server's first keys and has no others")
        }
    }

    /// Reads the keys, or gives nil if no server has started on this store yet.
    ///
    /// - Throws: `StoreError`, `CryptographyError`.
    public static func existing(in store: any Store, declared: [SigningKey]) async throws -> ServerKeyRing? {
        try await store.read(key).map { try ring($0, declared) }
    }

    private static func generate() throws -> JSON {
        let code = Digest.random(32)
        return [
            "v": 1,
            "signing": [["pem": .string(try SigningKey.generate().privatePEM().exposed)]],
            "code": [
                [
                    "id": .string(Base64URL.encode(Digest.random(4)).replacingDashes()),
                    "key": .string(Base64URL.encode(code)),
                ]
            ],
        ]
    }

    private static func ring(_ record: StoreRecord, _ declared: [SigningKey]) throws -> ServerKeyRing {
        let signing = try (record.value["signing"]?.elements ?? []).compactMap { entry in
            try entry["pem"]?.string.map { try SigningKey(pem: Secret($0)) }
        }
        let codes = (record.value["code"]?.elements ?? []).compactMap { entry -> ServerKeyRing.CodeKey? in
            guard let id = entry["id"]?.string, let bytes = Base64URL.decode((entry["key"]?.string ?? "").utf8)
            else { return nil }
            return ServerKeyRing.CodeKey(id: id, bytes: bytes)
        }
        guard record.value["v"]?.integer == 1, !codes.isEmpty, !(declared + signing).isEmpty else {
            throw StoreError("the keys in the store are of a form that this server does not know")
        }
        return ServerKeyRing(signingKeys: declared.isEmpty ? signing : declared, codeKeys: codes)
    }
}

extension String {
    /// The dash parts a code key's id from the code.
    fileprivate func replacingDashes() -> String {
        String(map { $0 == "-" ? "x" : $0 })
    }
}
