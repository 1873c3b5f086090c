// SPDX-License-Identifier: Apache-2.0

import COpenSSL
@_spi(Host) public import GrantKit
import OutsideText

/// An imported hash of a secret or a password, as Aidbox writes it: `$s0$<parameters>$<salt>$<hash>`.
public struct ScryptHash: Sendable {
    private let cost: UInt64
    private let blockSize: UInt64
    private let parallelism: UInt64
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Parses a hash; nil if the string is malformed, needs more than 256 MiB, or writes more than 1 GiB in all lanes.
    public init?(_ text: String) {
        let parts = text.raw.split(at: "$", keepingEmpty: true)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "s0", let parameters = UInt64(parts[2].string, radix: 16),
            let salt = Base64URL.decode(either: parts[3].bytes), let hash = Base64URL.decode(either: parts[4].bytes),
            hash.count >= 16
        else { return nil }
        let exponent = parameters >> 16
        (blockSize, parallelism) = (parameters >> 8 & 0xFF, parameters & 0xFF)
        guard (10...20).contains(exponent), (1...16).contains(blockSize), (1...16).contains(parallelism),
            128 * blockSize << exponent <= 256 << 20, 128 * blockSize * parallelism << exponent <= 1 << 30
        else { return nil }
        cost = 1 << exponent
        self.salt = salt
        self.hash = hash
    }

    /// Whether a secret matches the hash; takes tens of milliseconds, so never call it on a thread for requests.
    public func matches(_ secret: Secret) -> Bool {
        // Safe: the buffers outlive the call, which is told their lengths.
        let text = Array(secret.exposed.utf8)
        var computed = [UInt8](repeating: 0, count: hash.count)
        let done = unsafe text.withUnsafeBytes { text in
            unsafe EVP_PBE_scrypt(
                text.bindMemory(to: CChar.self).baseAddress, text.count, salt, salt.count, cost, blockSize,
                parallelism, 512 << 20, &computed, computed.count)
        }
        return done == 1 && equalInConstantTime(computed, hash)
    }
}
