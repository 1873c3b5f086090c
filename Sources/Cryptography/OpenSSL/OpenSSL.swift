// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Why OpenSSL refused, in its own words.
public struct CryptographyError: Error, CustomStringConvertible {
    /// What was being done, and OpenSSL's reason.
    public let description: String

    /// Takes the oldest reason from OpenSSL's queue of this thread and empties the queue.
    init(_ action: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = code == 0 ? nil : ERR_reason_error_string(code).map { String(cString: $0) }
        description = reason.map { "\(action): \($0)" } ?? action
    }

    /// Says what the server found itself, and empties OpenSSL's queue.
    init(found problem: String) {
        ERR_clear_error()
        description = problem
    }
}

/// Lets OpenSSL read bytes.
///
/// It keeps a pointer to them, so they must stay where they are for as long as it reads.
func withInput<Value>(_ bytes: [UInt8], _ body: (OpaquePointer?) throws -> Value) rethrows -> Value {
    try bytes.withUnsafeBytes { memory in
        let input = BIO_new_mem_buf(memory.baseAddress, Int32(memory.count))
        defer { BIO_free(input) }
        return try body(input)
    }
}

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

/// A number without bound.
struct BigNumber: ~Copyable {
    let pointer: OpaquePointer

    /// Reads a number of an OpenSSL key.
    init?(_ name: String, of key: OpaquePointer) {
        var number: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
        pointer = number
    }

    /// Reads bytes, the most significant first.
    init?(_ bytes: [UInt8]) {
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return nil }
        pointer = number
    }

    deinit { BN_clear_free(pointer) }

    var bits: Int { Int(BN_num_bits(pointer)) }

    /// The bytes, the most significant first, filled up to a width.
    func bytes(width: Int? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: width ?? (bits + 7) / 8)
        BN_bn2binpad(pointer, &bytes, Int32(bytes.count))
        return bytes
    }

    /// The rest of a division by a small number.
    func remainder(_ divisor: UInt64) -> UInt64 {
        UInt64(BN_mod_word(pointer, UInt(divisor)))
    }
}
