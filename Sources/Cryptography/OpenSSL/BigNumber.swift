// SPDX-License-Identifier: Apache-2.0

import COpenSSL

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
