// SPDX-License-Identifier: Apache-2.0

import GrantKit

@testable import Cryptography

/// The parsers of keys and hashes.
let keyParsers = [
    FuzzedParser("pem", longest: 2048, checkPEM),
    FuzzedParser("password-hash", checkPasswordHash),
    FuzzedParser("sealing-key", longest: 128, checkSealingKey),
]

/// An accepted private key is written as the same key.
@Sendable private func checkPEM(_ bytes: [UInt8]) throws {
    let text = Secret(string(bytes))
    guard let key = try? SigningKey(pem: text, passphrase: Secret("word")) else { return }
    let written = try? key.privatePEM()
    let again = try written.map { try SigningKey(pem: $0) }
    try expect(again?.id == key.id, "a key that was written is read as another")
}

/// An accepted hash also counts as meant to be one, and an Argon2id hash is written as it was read.
@Sendable private func checkPasswordHash(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    guard let hash = PasswordHash(text) else { return }
    try expect(PasswordHash.isMeant(by: text), "a hash could have been a password")
    try expect(text.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "a hash has a byte that none has")
    guard case .argon2id(let argon) = hash else { return }
    let again = Argon2Hash(argon.text)
    try expect(again.map { isSame($0.text, argon.text) } == true, "a hash that was written is read as another")
}

/// A key is read from 32 bytes, whatever their spelling.
@Sendable private func checkSealingKey(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    guard let key = SealingKey(Secret(text)) else { return }
    let spelling = text.filter { !$0.isWhitespace }.utf8
    let end = spelling.drop { $0 != UInt8(ascii: "=") }
    try expect(end.count <= 2 && end.allSatisfy { $0 == UInt8(ascii: "=") }, "something is behind the end of a key")
    try expect(SealingKey(Secret(string(spelling)))?.id == key.id, "a key is another without white space")
}
