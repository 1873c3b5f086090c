// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A hash function of the SHA-2 family (FIPS 180-4).
enum HashFunction: Sendable {
    case sha256
    case sha384
    case sha512

    // Looked up once: looking one up anew costs more than a short digest.
    private nonisolated(unsafe) static let sha256Algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil)
    private nonisolated(unsafe) static let sha384Algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA384", nil)
    private nonisolated(unsafe) static let sha512Algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA512", nil)

    var algorithm: OpaquePointer? {
        switch self {
        case .sha256: HashFunction.sha256Algorithm
        case .sha384: HashFunction.sha384Algorithm
        case .sha512: HashFunction.sha512Algorithm
        }
    }

    /// The bytes of a digest.
    var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of some bytes.
    func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil)
        return digest
    }

    /// The HMAC code of some bytes (RFC 2104).
    func code(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: length)
        HMAC(algorithm, key, Int32(key.count), bytes, bytes.count, &code, nil)
        return code
    }
}
