// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An integer of any size.
@safe struct BigNumber: ~Copyable {
    let pointer: OpaquePointer

    /// Reads a number from an OpenSSL key.
    init?(_ name: String, of key: OpaquePointer) {
        // Safe: this value owns the number and frees it in 'deinit'; OpenSSL is told the lengths of all buffers.
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1, let number = unsafe number else { return nil }
        unsafe pointer = unsafe number
    }

    /// Reads a number from bytes, most significant first.
    init?(_ bytes: [UInt8]) {
        guard let number = unsafe BN_bin2bn(bytes, Int32(bytes.count), nil) else { return nil }
        unsafe pointer = unsafe number
    }

    deinit { unsafe BN_clear_free(pointer) }

    var bits: Int { unsafe Int(BN_num_bits(pointer)) }

    /// The bytes, most significant first, padded to a width.
    func bytes(width: Int? = nil) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: width ?? (bits + 7) / 8)
        unsafe BN_bn2binpad(pointer, &bytes, Int32(bytes.count))
        return bytes
    }

    /// The remainder of a division by a small number.
    func remainder(_ divisor: UInt64) -> UInt64 {
        unsafe UInt64(BN_mod_word(pointer, UInt(divisor)))
    }
}
