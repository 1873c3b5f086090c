// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A number without bound.
@safe struct BigNumber: ~Copyable {
    let pointer: OpaquePointer

    /// Reads a number of an OpenSSL key.
    init?(_ name: String, of key: OpaquePointer) {
        // The number is this value's own until it goes; OpenSSL writes no more than the width that it is told.
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1, let number = unsafe number else { return nil }
        unsafe pointer = unsafe number
    }

    /// Reads bytes, the most significant first.
    init?(_ bytes: [UInt8]) {
        guard let number = unsafe BN_bin2bn(bytes, Int32(bytes.count), nil) else { return nil }
        unsafe pointer = unsafe number
    }

    deinit { unsafe BN_clear_free(pointer) }

    var bits: Int { unsafe Int(BN_num_bits(pointer)) }

    /// The bytes, the most significant first, filled up to a width.
    func bytes(width: Int? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: width ?? (bits + 7) / 8)
        unsafe BN_bn2binpad(pointer, &bytes, Int32(bytes.count))
        return bytes
    }

    /// The rest of a division by a small number.
    func remainder(_ divisor: UInt64) -> UInt64 {
        unsafe UInt64(BN_mod_word(pointer, UInt(divisor)))
    }
}
