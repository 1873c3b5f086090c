// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@testable import Cryptography

/// Test vectors from other projects; the folder is not part of this repository.
enum Vectors {
    static let folder = ProcessInfo.processInfo.environment["GRANTOR_VECTORS"]
    static var isThere: Bool { folder != nil }

    static func read(_ name: String) throws -> JSON {
        let path = "\(folder ?? "")/\(name)"
        let data = try #require(FileManager.default.contents(atPath: path), "there is no \(path)")
        return try JSON(parsing: data)
    }

    static func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }

    /// Runs each case of a file and returns how many had the expected result.
    static func run(
        _ name: String, except known: [Int64: String] = [:], groups: (JSON) -> Bool = { _ in true },
        _ verifies: (_ group: JSON, _ test: JSON) throws -> Bool
    ) throws {
        var (passed, all, differing) = (0, 0, Set<Int64>())
        for group in try read("wycheproof/\(name)_test.json")["testGroups"]?.elements ?? [] where groups(group) {
            for test in group["tests"]?.elements ?? [] {
                let id = try #require(test["tcId"]?.integer)
                let expected = test["result"]?.string
                all += 1
                let verified = try verifies(group, test)
                let isRight = expected == "acceptable" || verified == (expected == "valid")
                if isRight { passed += 1 } else { differing.insert(id) }
                #expect(isRight || known[id] != nil, "\(name) \(id): \(test["comment"]?.string ?? "")")
            }
        }
        print("vectors: \(name): \(passed) of \(all)")
        for id in differing.sorted() { print("vectors: \(name): \(id) differs: \(known[id] ?? "not known why")") }
        #expect(all > 0 && differing == Set(known.keys), "\(name)")
    }
}

@Suite("Test vectors from other projects", .enabled(if: Vectors.isThere, "GRANTOR_VECTORS names no folder"))
struct VectorTests {
    /// Whether a key or a key set verifies a JWS; an unreadable one verifies nothing.
    private func verifies(_ jws: String, _ json: JSON) -> Bool {
        guard let signed = try? CompactJWS(jws) else { return false }
        if json["keys"] != nil {
            return (try? signed.verified(by: JSONWebKeySet(json))) != nil
        }
        return (try? signed.verified(by: JSONWebKey(json))) != nil
    }

    private func verifies(_ group: JSON, _ test: JSON) throws -> Bool {
        let key = try #require(group["public"] ?? group["private"])
        // A JWS in JSON serialization is an object there.
        return verifies(test["jws"]?.string ?? test["jws"]?.text ?? "", key)
    }

    @Test("every case of JWS", .clause("RFC 7515"))
    func jws() throws {
        let wrongAlgorithm = "the key's 'alg' is another than the header's, which cases 337 to 340 refuse"
        try Vectors.run(
            "json_web_signature",
            except: [
                346: wrongAlgorithm, 350: wrongAlgorithm,
                347: "the key's 'alg' is ES521, which does not exist", 351: "the key's 'alg' is ES521",
                367: "byte for byte case 357, which is valid", 370: "byte for byte case 357, which is valid",
                372: "a '?' is in the header", 373: "a '?' is in the payload",
            ], verifies)
    }

    @Test("the cases of JWS with another verdict differ for the stated reason", .clause("RFC 7515"))
    func judgedOtherwise() throws {
        var cases: [Int64: (key: JSON, jws: String)] = [:]
        for group in try Vectors.read("wycheproof/json_web_signature_test.json")["testGroups"]?.elements ?? [] {
            for test in group["tests"]?.elements ?? [] {
                cases[test["tcId"]?.integer ?? 0] = (
                    group["public"] ?? group["private"] ?? .null, test["jws"]?.string ?? ""
                )
            }
        }
        for id: Int64 in [346, 347, 350, 351] {
            var (key, jws) = try #require(cases[id])
            #expect(!verifies(jws, key))
            key["alg"] = nil
            #expect(verifies(jws, key), "\(id): only 'alg' of the key prevents it")
        }
        for id: Int64 in [367, 370] { #expect(cases[id]?.jws == cases[357]?.jws) }
        for id: Int64 in [372, 373] {
            let (key, jws) = try #require(cases[id])
            #expect(!verifies(jws, key) && verifies(jws.replacing("?", with: ""), key))
        }
    }

    @Test("every case of JWK", .clause("RFC 7517"))
    func jwk() throws {
        try Vectors.run("json_web_key", verifies)
    }

    @Test("every case of JWS among those of JOSE", .clause("RFC 7515"))
    func crypto() throws {
        try Vectors.run("json_web_crypto", groups: { $0["comment"]?.string?.hasPrefix("jws") == true }, verifies)
    }

    @Test("every case of ECDSA on P-256", .clause("RFC 7518 section 3.4"))
    func ecdsa() throws {
        try Vectors.run("ecdsa_secp256r1_sha256_p1363") { group, test in
            let point = Vectors.bytes(hex: group["publicKey"]?["uncompressed"]?.string ?? "")
            #expect(point.count == 65)
            let (x, y) = (Base64URL.encode(Array(point[1..<33])), Base64URL.encode(Array(point[33...])))
            let own: JSON = ["kty": "EC", "crv": "P-256", "x": .string(x), "y": .string(y)]
            return try raw(test, JSONWebKey(group["publicKeyJwk"] ?? own), .es256)
        }
    }

    @Test("every case of Ed25519", .clause("RFC 8037 section 3.1"))
    func ed25519() throws {
        try Vectors.run("ed25519") { group, test in
            try raw(test, JSONWebKey(try #require(group["publicKeyJwk"])), .edDSA)
        }
    }

    @Test("every case of RSA", .clause("RFC 7518 section 3.3"))
    func rsa() throws {
        try Vectors.run("rsa_signature_2048_sha256") { group, test in
            try raw(test, JSONWebKey(try #require(group["keyJwk"])), .rs256)
        }
    }

    @Test("every case of RSA-PSS", .clause("RFC 7518 section 3.5"))
    func pss() throws {
        try Vectors.run("rsa_pss_2048_sha256_mgf1_32") { group, test in
            try raw(test, JSONWebKey(try #require(group["publicKeyJwk"])), .ps256)
        }
    }

    private func raw(_ test: JSON, _ key: JSONWebKey, _ algorithm: SignatureAlgorithm) -> Bool {
        let message = Vectors.bytes(hex: test["msg"]?.string ?? "")
        return key.verify(Vectors.bytes(hex: test["sig"]?.string ?? ""), of: message, by: algorithm)
    }

    // MARK: the cookbook

    private static let signatures = [
        "jws/4_1.rsa_v15_signature", "jws/4_2.rsa-pss_signature", "jws/4_3.ecdsa_signature",
        "jws/4_4.hmac-sha2_integrity_protection", "jws/4_5.signature_with_detached_content",
        "jws/4_6.protecting_specific_header_fields", "jws/4_7.protecting_content_only", "jws/4_8.multiple_signatures",
        "curve25519/jws",
    ]

    @Test("every signature in the cookbook", .clause("RFC 7520 section 4"), arguments: signatures)
    func cookbook(_ name: String) throws {
        let example = try Vectors.read("jose-cookbook/\(name).json")
        let (input, signing) = (example["input"] ?? .null, example["signing"] ?? .null)
        let keys = input["key"]?.elements.isEmpty == false ? input["key"]?.elements ?? [] : [input["key"] ?? .null]
        let algorithms = input["alg"]?.strings ?? []
        let parts = signing.elements.isEmpty ? [signing] : signing.elements
        var passed = 0
        for (place, part) in parts.enumerated() {
            let algorithm = try #require(SignatureAlgorithm(rawValue: algorithms[place]))
            let message = Array((part["sig-input"]?.string ?? "").utf8)
            let signature = try #require(Base64URL.decode((part["sig"]?.string ?? "").utf8))
            if try JSONWebKey(keys[place]).verify(signature, of: message, by: algorithm) { passed += 1 }
            if example["reproducible"] == true, keys[place]["kty"] != "oct" {
                let key = try SigningKey(pem: Secret(keys[place].text), algorithm: algorithm)
                #expect(try key.sign(message) == signature)
            }
        }
        print("vectors: cookbook \(name): \(passed) of \(parts.count)")
        #expect(passed == parts.count)
        try compact(example, keys[0])
    }

    /// Checks the compact form, with the payload added if it is detached; other forms must be refused.
    private func compact(_ example: JSON, _ key: JSON) throws {
        for form in ["json", "json_flat"] {
            if let text = example["output"]?[form]?.text { #expect(!verifies(text, key)) }
        }
        guard let compact = example["output"]?["compact"]?.string else { return }
        let payload = Array((example["input"]?["payload"]?.string ?? "").utf8)
        let whole = compact.replacing("..", with: ".\(Base64URL.encode(payload)).")
        #expect(whole == compact || !verifies(compact, key))
        #expect(try CompactJWS(whole).verified(by: JSONWebKey(key)) == payload)
    }

    @Test("every key in the cookbook", .clause("RFC 7520 section 3"))
    func cookbookKeys() throws {
        let (folder, names) = (
            "jose-cookbook/jwk",
            [
                "3_1.ec_public_key", "3_2.ec_private_key", "3_3.rsa_public_key", "3_4.rsa_private_key",
                "3_5.symmetric_key_mac_computation", "3_6.symmetric_key_encryption",
            ]
        )
        let keys = try names.map { try Vectors.read("\(folder)/\($0).json") }
        let read = try keys.map { try JSONWebKey($0) }
        #expect(read.map(\.id) == keys.map { $0["kid"]?.string })
        // The two halves of a pair have one thumbprint, and keys for encryption verify nothing.
        #expect(read[0].thumbprint == read[1].thumbprint && read[2].thumbprint == read[3].thumbprint)
        #expect(try SigningKey(pem: Secret(keys[3].text)).id == read[2].thumbprint)
        #expect(try JSONWebKey.asymmetric(keys[1], isPrivate: true).thumbprint == read[0].thumbprint)
        #expect(
            read.map { $0.fits(.es512) || $0.fits(.rs256) || $0.fits(.hs256) } == [true, true, true, true, true, false])
        print("vectors: cookbook jwk: \(keys.count) of \(keys.count)")
    }
}
