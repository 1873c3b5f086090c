// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText

/// Reads and writes the record of the server's keys in the store.
public struct StoredKeys: Sendable {
    /// The collection of the record.
    public static let collection = {
        var collection = StoreCollection("key_ring")
        collection.isFollowed = true
        return collection
    }()
    private static let key = collection.key("current")
    private static let never = Timestamp(seconds: 253_402_300_799)

    private let store: any Store
    let sealing: Sealing

    /// Creates access to the record in a store.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - sealing: The keys that seal and open private keys.
    public init(_ store: any Store, sealing: Sealing) {
        self.store = store
        self.sealing = sealing
    }

    /// The record; nil if no server has used this store yet.
    ///
    /// - Throws: `StoreError`, `CryptographyError`.
    public func read(now: Timestamp) async throws -> KeyRecord? {
        try await store.read(StoredKeys.key).map { try KeyRecord($0.value, now: now) }
    }

    /// Changes the record; if several servers race, one of them writes and the others see its result.
    ///
    /// - Parameters:
    ///   - now: The current time.
    ///   - body: Returns the next record, or nil if nothing has to be written. It gets nil if there is no record yet,
    ///     and may be called several times.
    /// - Returns: The record that is now in the store.
    /// - Throws: `StoreError`, `CryptographyError`, what `body` throws.
    @discardableResult
    public func change(
        now: Timestamp, _ body: @Sendable (KeyRecord?) async throws -> KeyRecord?
    ) async throws -> KeyRecord {
        for _ in 0..<10 {
            let stored = try await store.read(StoredKeys.key)
            let record = try stored.map { try KeyRecord($0.value, now: now) }
            // A record in version 1 is written again in the current version, even if nothing else changes.
            let isOld = stored.map { $0.value["v"] != 2 } ?? false
            guard let next = try await body(record) ?? (isOld ? record : nil) else {
                guard let record else {
                    throw StoreError("there are no keys yet; the first 'grantor serve' generates them")
                }
                return record
            }
            if try await write(next, over: stored) { return next }
        }
        throw StoreError("other processes keep changing the server's keys")
    }

    private func write(_ record: KeyRecord, over stored: StoreRecord?) async throws -> Bool {
        guard var next = stored else {
            let first = StoreRecord(StoredKeys.key, record.json, expiresAt: StoredKeys.never)
            return try await store.write([.create(first)]) == .committed
        }
        next.value = record.json
        return try await store.write([.replace(next, ifVersion: next.version)]) == .committed
    }

    // MARK: private keys

    /// Generates a signing key for the record.
    ///
    /// - Throws: `CryptographyError`.
    public func make(
        _ algorithm: SignatureAlgorithm, announced: Timestamp, from: Timestamp
    ) throws -> KeyRecord.Key {
        try entry(try SigningKey.generate(algorithm), announced: announced, from: from)
    }

    /// The entry for a signing key in the record.
    ///
    /// - Throws: `CryptographyError`.
    public func entry(_ key: SigningKey, announced: Timestamp, from: Timestamp) throws -> KeyRecord.Key {
        let secret = try sealing.protect(try key.privatePEM(), for: key.id)
        return KeyRecord.Key(key, secret, announced: announced, from: from)
    }

    /// Generates a key for message authentication codes.
    func makeMAC() throws -> KeyRecord.MAC {
        let id = Base64URL.encode(Digest.random(6)).raw.replacing("-", with: "x")
        let key = Secret(Base64URL.encode(Digest.random(32)))
        return KeyRecord.MAC(id: id, secret: try sealing.protect(key, for: id))
    }

    func open(_ key: KeyRecord.Key) throws -> SigningKey {
        try SigningKey(ownPEM: try sealing.reveal(key.secret, for: key.id), algorithm: key.algorithm)
    }

    func open(_ mac: KeyRecord.MAC) throws -> ServerKeyRing.MACKey {
        let text = try sealing.reveal(mac.secret, for: mac.id).exposed
        guard let bytes = Base64URL.decode(text.utf8) else {
            throw StoreError("the keys in the store have a format that this server does not know")
        }
        return ServerKeyRing.MACKey(id: mac.id, bytes: bytes)
    }

    /// Checks that every key of a record can be opened, such as one in a backup.
    ///
    /// - Parameters:
    ///   - value: The value of the record.
    ///   - now: The current time.
    /// - Throws: `StoreError`, `CryptographyError`.
    public func check(_ value: JSON, now: Timestamp) throws {
        let record = try KeyRecord(value, now: now)
        for key in record.keys { _ = try open(key) }
        for mac in record.macs { _ = try open(mac) }
    }

    /// Seals every private key again under the operator's first key, or unseals all if there is none.
    ///
    /// - Returns: The next record.
    /// - Throws: `StoreError` if a key cannot be opened, `CryptographyError`.
    public func resealed(_ record: KeyRecord) throws -> KeyRecord {
        var next = record
        for (place, key) in record.keys.enumerated() {
            next.keys[place].secret = try sealing.protect(try sealing.reveal(key.secret, for: key.id), for: key.id)
        }
        for (place, mac) in record.macs.enumerated() {
            next.macs[place].secret = try sealing.protect(try sealing.reveal(mac.secret, for: mac.id), for: mac.id)
        }
        return next
    }
}
