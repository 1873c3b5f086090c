// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A hash function of the SHA-2 family (FIPS 180-4).
enum HashFunction: Sendable {
    case sha256
    case sha384
    case sha512

    // Safe: fetched once and immutable. Fetching one again would take longer than a short digest.
    private nonisolated(unsafe) static let sha256Algorithm: OpaquePointer? = unsafe EVP_MD_fetch(nil, "SHA256", nil)
    private nonisolated(unsafe) static let sha384Algorithm: OpaquePointer? = unsafe EVP_MD_fetch(nil, "SHA384", nil)
    private nonisolated(unsafe) static let sha512Algorithm: OpaquePointer? = unsafe EVP_MD_fetch(nil, "SHA512", nil)

    var algorithm: OpaquePointer? {
        switch self {
        case .sha256: unsafe HashFunction.sha256Algorithm
        case .sha384: unsafe HashFunction.sha384Algorithm
        case .sha512: unsafe HashFunction.sha512Algorithm
        }
    }

    /// The length of a digest in bytes.
    var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of some bytes.
    func digest(_ bytes: [UInt8]) -> [UInt8] {
        // Safe: the array has the length of the digest.
        var digest = [UInt8](repeating: 0, count: length)
        unsafe EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil)
        return digest
    }

    /// The HMAC of some bytes (RFC 2104).
    func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        // Safe: the array has the length of the MAC.
        var code = [UInt8](repeating: 0, count: length)
        unsafe HMAC(algorithm, key, Int32(key.count), bytes, bytes.count, &code, nil)
        return code
    }
}
