// SPDX-License-Identifier: Apache-2.0

import GrantKit

@testable import Cryptography

extension StoredRow {
    /// The server's keys; version 1 of this row is tested in `StoredKeysTests`.
    static let keyRing = StoredRow(
        collection: StoredKeys.collection.name,
        required: [
            "v", "mac", "mac.id", "mac.key", "declared.kid", "declared.used_until", "declared.longest",
            "declared.public", "signing.kid", "signing.alg", "signing.announced", "signing.from",
            "signing.used_until", "signing.longest", "signing.public", "signing.pem", "signing.pem.sealed_under",
        ]
    ) { record in
        let ring = try KeyRecord(record.value, now: StoredRow.now)
        return [
            "v": 2, "signing": .array(ring.keys.map(StoredRow.key)),
            "declared": .array(ring.declared.map(StoredRow.declared)), "mac": .array(ring.macs.map(StoredRow.mac)),
            "withdrawn": .strings(ring.withdrawn),
        ]
    }

    private static func key(_ key: KeyRecord.Key) -> JSON {
        [
            "kid": .string(key.id), "alg": .string(key.algorithm.rawValue),
            "announced": .integer(key.announced.seconds), "from": .integer(key.from.seconds),
            "used_until": .integer(key.usedUntil.seconds), "longest": .integer(key.longest),
            "public": key.publicJWK, "pem": shown(key.secret),
        ]
    }

    private static func declared(_ key: KeyRecord.Declared) -> JSON {
        [
            "kid": .string(key.id), "used_until": .integer(key.usedUntil.seconds), "longest": .integer(key.longest),
            "public": key.publicJWK,
        ]
    }

    private static func mac(_ key: KeyRecord.MAC) -> JSON {
        ["id": .string(key.id), "key": shown(key.secret)]
    }

    private static func shown(_ secret: StoredSecret) -> JSON {
        switch secret {
        case .open(let text): .string(text.exposed)
        case .sealed(let sealed):
            [
                "sealed_under": .string(sealed.key), "nonce": .string(Base64URL.encode(sealed.nonce)),
                "text": .string(Base64URL.encode(sealed.text)),
            ]
        }
    }
}
