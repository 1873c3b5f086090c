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
    ///   - declared: Signing keys of the configuration; if there are any, none is generated, and one that was generated
    ///     before stays published for the tokens that it signed.
    /// - Returns: The keys.
    /// - Throws: `StoreError`, `CryptographyError`.
    public static func load(from store: any Store, declared: [SigningKey]) async throws -> ServerKeyRing {
        for _ in 0..<3 {
            guard let record = try await store.read(key) else {
                let first = StoreRecord(key, try generate(signing: declared.isEmpty), expiresAt: never)
                if try await store.write([.create(first)]) == .committed { return try ring(first, declared) }
                continue
            }
            guard declared.isEmpty, signingPEMs(record).isEmpty, record.value["v"]?.integer == 1 else {
                return try ring(record, declared)
            }
            // The configuration had keys before and has none now.
            var next = record
            next.value["signing"] = try newSigningKeys()
            if try await store.write([.replace(next, ifVersion: record.version)]) == .committed {
                return try ring(next, declared)
            }
        }
        throw StoreError("other processes kept changing the server's keys")
    }

    /// Reads the keys, or gives nil if no server has started on this store yet.
    ///
    /// - Throws: `StoreError`, `CryptographyError`.
    public static func existing(in store: any Store, declared: [SigningKey]) async throws -> ServerKeyRing? {
        try await store.read(key).map { try ring($0, declared) }
    }

    private static func generate(signing: Bool) throws -> JSON {
        let id = Base64URL.encode(Digest.random(6)).map { $0 == "-" ? "x" : $0 }
        return [
            "v": 1, "signing": signing ? try newSigningKeys() : [],
            "mac": [["id": .string(String(id)), "key": .string(Base64URL.encode(Digest.random(32)))]],
        ]
    }

    private static func newSigningKeys() throws -> JSON {
        [["pem": .string(try SigningKey.generate().privatePEM().exposed)]]
    }

    private static func signingPEMs(_ record: StoreRecord) -> [Secret] {
        (record.value["signing"]?.elements ?? []).compactMap { $0["pem"]?.string.map(Secret.init) }
    }

    private static func ring(_ record: StoreRecord, _ declared: [SigningKey]) throws -> ServerKeyRing {
        let signing = declared + (try signingPEMs(record).map { try SigningKey(pem: $0) })
        let macs = (record.value["mac"]?.elements ?? []).compactMap { entry -> ServerKeyRing.MACKey? in
            guard let id = entry["id"]?.string, let bytes = Base64URL.decode((entry["key"]?.string ?? "").utf8)
            else { return nil }
            return ServerKeyRing.MACKey(id: id, bytes: bytes)
        }
        guard record.value["v"]?.integer == 1, !macs.isEmpty, !signing.isEmpty else {
            throw StoreError("the keys in the store are of a form that this server does not know")
        }
        return ServerKeyRing(signingKeys: signing, macKeys: macs)
    }
}
