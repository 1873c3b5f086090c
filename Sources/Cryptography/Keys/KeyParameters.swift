// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The parameters from which OpenSSL builds a key; OpenSSL keeps pointers to them, so this value owns their memory.
@safe struct KeyParameters: ~Copyable {
    private let builder: OpaquePointer?
    // Safe: OpenSSL reads this memory until the key is built, and it is freed with this value.
    private var memory: [UnsafeMutableBufferPointer<CChar>] = unsafe []
    private var numbers: [OpaquePointer] = unsafe []

    init() {
        unsafe builder = unsafe OSSL_PARAM_BLD_new()
    }

    deinit {
        unsafe OSSL_PARAM_BLD_free(builder)
        for place in unsafe numbers.indices { unsafe BN_clear_free(numbers[place]) }
        for place in unsafe memory.indices {
            let buffer = unsafe memory[place]
            unsafe OPENSSL_cleanse(buffer.baseAddress, buffer.count)
            unsafe buffer.deallocate()
        }
    }

    mutating func add(number bytes: [UInt8], _ name: String) {
        guard let number = unsafe BN_bin2bn(bytes, Int32(bytes.count), nil) else { return }
        unsafe numbers.append(number)
        unsafe OSSL_PARAM_BLD_push_BN(builder, kept(name), number)
    }

    mutating func add(octets bytes: [UInt8], _ name: String) {
        unsafe OSSL_PARAM_BLD_push_octet_string(builder, kept(name), kept(bytes), bytes.count)
    }

    mutating func add(text: String, _ name: String) {
        unsafe OSSL_PARAM_BLD_push_utf8_string(builder, kept(name), kept(text), text.utf8.count)
    }

    private mutating func kept(_ text: String) -> UnsafePointer<CChar>? {
        unsafe kept(Array(text.utf8) + [0])
    }

    private mutating func kept(_ bytes: [UInt8]) -> UnsafePointer<CChar>? {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, bytes.count))
        for (place, byte) in bytes.enumerated() { unsafe buffer[place] = CChar(bitPattern: byte) }
        unsafe memory.append(buffer)
        return unsafe UnsafePointer(buffer.baseAddress)
    }

    /// Builds the key; nil if OpenSSL refuses it, for example for a point that is not on its curve.
    func key(_ kind: String, isPrivate: Bool) -> OpaquePointer? {
        let parameters = unsafe OSSL_PARAM_BLD_to_param(builder)
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, kind, nil)
        defer {
            unsafe EVP_PKEY_CTX_free(context)
            unsafe OSSL_PARAM_free(parameters)
            ERR_clear_error()
        }
        var key: OpaquePointer?
        let what = Int32(isPrivate ? COpenSSLKeyPair : COpenSSLPublicKey)
        guard unsafe EVP_PKEY_fromdata_init(context) == 1,
            unsafe EVP_PKEY_fromdata(context, &key, what, parameters) == 1
        else {
            return nil
        }
        return unsafe key
    }
}
