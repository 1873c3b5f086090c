// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Testing

@testable import Cryptography

@Suite("ECDSA signatures in the formats of OpenSSL and of JOSE")
struct ECDSASignatureTests {
    /// Numbers of every length with every kind of first byte, and the extremes.
    private static func numbers(_ width: Int, _ random: inout SystemRandomNumberGenerator) -> [[UInt8]] {
        var numbers = [[UInt8](repeating: 0, count: width), [UInt8](repeating: 0xFF, count: width)]
        for length in 1...width {
            for first in [0x01, 0x7F, 0x80, 0xFF] as [UInt8] {
                let rest = (1..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                numbers.append([UInt8](repeating: 0, count: width - length) + [first] + rest)
                // Zeros after the first byte are no zeros in front.
                numbers.append(
                    [UInt8](repeating: 0, count: width - length) + [first]
                        + [UInt8](repeating: 0, count: length - 1))
            }
        }
        return numbers
    }

    /// What OpenSSL makes of two numbers.
    private static func encoded(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        let signature = ECDSA_SIG_new()
        defer { ECDSA_SIG_free(signature) }
        let numbers = [first, second].map { (bytes: [UInt8]) in BN_bin2bn(bytes, Int32(bytes.count), nil) }
        guard ECDSA_SIG_set0(signature, numbers[0], numbers[1]) == 1 else { return [] }
        var bytes: UnsafeMutablePointer<UInt8>?
        let length = i2d_ECDSA_SIG(signature, &bytes)
        defer { CRYPTO_free(bytes, "", 0) }
        guard length > 0, let start = bytes else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(length)))
    }

    @Test("numbers of all lengths become the bytes that OpenSSL makes, and come back", arguments: Curve.allCases)
    func generated(_ curve: Curve) throws {
        var random = SystemRandomNumberGenerator()
        let all = Self.numbers(curve.width, &random)
        for first in all {
            for second in [all.randomElement(using: &random) ?? first, first] {
                let expected = Self.encoded(first, second)
                #expect(ECDSASignature.distinguished(first + second, curve) == expected, "\(first) \(second)")
                // The buffer is longer than the signature.
                let buffer = expected + [UInt8](repeating: 0xAA, count: 144 - expected.count)
                #expect(try ECDSASignature.fixedWidth(buffer, expected.count, curve.width) == first + second)
            }
        }
    }

    @Test(
        "a signature that is cut off or changed is refused or read, and nothing else happens", arguments: Curve.allCases
    )
    func damaged(_ curve: Curve) throws {
        let whole = [UInt8](repeating: 0xFF, count: curve.width)
        let good = Self.encoded(whole, whole)
        for length in 0..<good.count {
            #expect(throws: CryptographyError.self) {
                try ECDSASignature.fixedWidth(Array(good.prefix(length)), length, curve.width)
            }
        }
        for place in good.indices {
            for byte in [0x00, 0x01, 0x02, 0x30, 0x7F, 0x80, 0x81, 0xFF] as [UInt8] {
                var changed = good
                changed[place] = byte
                let fixed = try? ECDSASignature.fixedWidth(changed, changed.count, curve.width)
                #expect(fixed.map { $0.count == 2 * curve.width } ?? true)
            }
        }
    }

    @Test("a signature of another length than that of the curve is refused", arguments: Curve.allCases)
    func lengths(_ curve: Curve) {
        for length in 0..<200 where length != 2 * curve.width {
            #expect(ECDSASignature.distinguished([UInt8](repeating: 1, count: length), curve) == nil)
        }
    }
}
