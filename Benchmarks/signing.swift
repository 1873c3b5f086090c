// SPDX-License-Identifier: Apache-2.0
//
// Measures the server's signatures against bare calls of OpenSSL, on one thread, in short alternating rounds.
// Scripts/bench compiles this file together with Sources/Cryptography and runs it.

import COpenSSL
import Glibc
import GrantKit

/// A digest and a signature with one context: the least work that OpenSSL can do.
struct Bare {
    private let key: SigningKey
    private let context: OpaquePointer?

    init(_ key: SigningKey) {
        self.key = key
        context = EVP_PKEY_CTX_new_from_pkey(nil, key.key.pointer, nil)
        EVP_PKEY_sign_init(context)
        _ = AsymmetricKey.setPadding(context!, key.signatureAlgorithm)
    }

    @inline(never) func sign(_ message: [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64 + 512) { memory in
            let (digest, signature) = (memory.baseAddress!, memory.baseAddress! + 64)
            if key.signatureAlgorithm == .edDSA {
                let context = EVP_MD_CTX_new()
                var length = 64
                EVP_DigestSignInit(context, nil, nil, nil, key.key.pointer)
                EVP_DigestSign(context, signature, &length, message, message.count)
                return EVP_MD_CTX_free(context)
            }
            let hash = key.signatureAlgorithm.hash
            EVP_Digest(message, message.count, digest, nil, hash.algorithm, nil)
            var length = 512
            EVP_PKEY_sign(context, signature, &length, digest, hash.length)
        }
    }
}

func microseconds(_ count: Int, _ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    for _ in 0..<count { try await body() }
    let time = (ContinuousClock.now - start).components
    return (Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12) / Double(count)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func measure(_ algorithm: SignatureAlgorithm, count: Int) async throws {
    let key = try SigningKey.generate(algorithm)
    let ring = ServerKeyRing(signingKeys: [key], macKeys: [.init(id: "k", bytes: Digest.random(32))])
    let claims: JSON = [
        "iss": "https://id.example.com", "sub": "service", "aud": "https://api.example.com", "client_id": "service",
        "iat": 1_800_000_000, "exp": 1_800_000_900, "jti": "EPCmVFBmHxZDPyE2wOZVqw", "scope": "read write",
    ]
    let message = Array(String(repeating: "x", count: 400).utf8)
    let bare = Bare(key)
    var rounds: [(bare: Double, key: Double, ring: Double)] = []
    for _ in 0..<25 {
        let alone = try await microseconds(count) { bare.sign(message) }
        let signed = try await microseconds(count) { _ = try key.sign(message) }
        let token = try await microseconds(count) {
            _ = try await ring.sign(claims, type: "at+jwt", algorithm: algorithm.rawValue)
        }
        rounds.append((alone, signed, token))
    }
    let numbers = [median(rounds.map(\.bare)), median(rounds.map(\.key)), median(rounds.map(\.ring))]
    let ratios = [median(rounds.map { $0.key / $0.bare }), median(rounds.map { $0.ring / $0.bare })]
    func shown(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
    print(
        "\(algorithm.rawValue): bare OpenSSL \(shown(numbers[0])) us, signature \(shown(numbers[1])) us (ratio "
            + "\(shown(ratios[0]))), whole token \(shown(numbers[2])) us (ratio \(shown(ratios[1])))")
}

@main
struct Signing {
    static func main() async throws {
        for algorithm in SignatureAlgorithm.own {
            let isRSA = algorithm == .rs256 || algorithm == .ps256
            try await measure(algorithm, count: isRSA ? 100 : algorithm == .es384 ? 60 : 1000)
        }
    }
}
