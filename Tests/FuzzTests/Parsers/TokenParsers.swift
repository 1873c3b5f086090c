// SPDX-License-Identifier: Apache-2.0

import GrantKit

@testable import Cryptography

/// The parsers of tokens and sealed strings.
let tokenParsers = [
    FuzzedParser("jwt", longest: 1024, checkJWT),
    FuzzedParser("jwks", longest: 1024, checkKeySet),
    FuzzedParser("sealed", checkSealed),
]

/// Public keys for tests, which check that nothing is accepted except what they have signed or sealed.
enum FuzzKeys {
    static let bytes = Array("0123456789abcdef0123456789abcdef".utf8)
    /// Created each time; if it were kept, its memory would look like a leak, since its pointer is tagged.
    static var symmetric: JSONWebKey? {
        try? JSONWebKey(["kty": "oct", "kid": "k", "k": .string(Base64URL.encode(bytes))])
    }
    static let claims = #"{"iss":"https://id.example.com","sub":"ann"}"#
    static let ring = ServerKeyRing(signingKeys: [], macKeys: [.init(id: "m", bytes: bytes)])
}

/// A JWS is read from its only spelling, and verifies only if it was signed.
@Sendable private func checkJWT(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    guard let signed = try? CompactJWS(text) else { return }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { string($0) }
    try expect(parts.count == 3, "a JWS has other than three parts")
    let signature = signed.signature
    try expect(
        isSame(Base64URL.encode(signed.payload), parts[1]) && isSame(Base64URL.encode(signature.bytes), parts[2]),
        "a part of a JWS is read from another spelling")
    try expect(signature.signed == Array("\(parts[0]).\(parts[1])".utf8), "other bytes are signed than were sent")
    guard let key = FuzzKeys.symmetric, let payload = try? signed.verified(by: key) else { return }
    try expect(payload == Array(FuzzKeys.claims.utf8), "a JWS verifies that nobody signed")
}

/// A key set has keys with different ids, all with a thumbprint, and no more keys than its input.
@Sendable private func checkKeySet(_ bytes: [UInt8]) throws {
    guard let json = try? JSON(parsing: bytes) else { return }
    if let key = try? JSONWebKey(json) { try checkKey(key, json) }
    guard let set = try? JSONWebKeySet(json) else { return }
    try expect(set.keys.count <= json["keys"]?.elements.count ?? 0, "a set has more keys than it was given")
    let ids = set.keys.compactMap(\.id).map { Array($0.utf8) }
    try expect(Set(ids).count == ids.count, "two keys of a set have one id")
    try expect(Set(set.keys.map(\.isSymmetric)).count <= 1, "secrets are beside public keys")
}

private func checkKey(_ key: JSONWebKey, _ json: JSON) throws {
    try expect(key.thumbprint.utf8.count == 43, "a key has no thumbprint")
    var other = json
    other["ignored"] = "x"
    try expect((try? JSONWebKey(other))?.thumbprint == key.thumbprint, "a member that is not known changes a key")
}

/// Only what was sealed is opened, and only for the purpose for which it was sealed.
@Sendable private func checkSealed(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    try expect(FuzzKeys.ring.open(text, purpose: "other") == nil, "a sealed string is opened for another purpose")
    guard let opened = FuzzKeys.ring.open(text, purpose: "fuzz") else { return }
    try expect(isSame(opened, FuzzKeys.claims), "a string is opened that nobody sealed")
}
