// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The numbers and texts that OpenSSL makes a key of; it keeps pointers to them, so they live as long as this does.
struct KeyParameters: ~Copyable {
    private let builder: OpaquePointer?
    private var memory: [UnsafeMutableBufferPointer<CChar>] = []
    private var numbers: [OpaquePointer] = []

    init() {
        builder = OSSL_PARAM_BLD_new()
    }

    deinit {
        OSSL_PARAM_BLD_free(builder)
        for number in numbers { BN_clear_free(number) }
        for buffer in memory {
            OPENSSL_cleanse(buffer.baseAddress, buffer.count)
            buffer.deallocate()
        }
    }

    mutating func add(number bytes: [UInt8], _ name: String) {
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return }
        numbers.append(number)
        OSSL_PARAM_BLD_push_BN(builder, kept(name), number)
    }

    mutating func add(octets bytes: [UInt8], _ name: String) {
        OSSL_PARAM_BLD_push_octet_string(builder, kept(name), kept(bytes), bytes.count)
    }

    mutating func add(text: String, _ name: String) {
        OSSL_PARAM_BLD_push_utf8_string(builder, kept(name), kept(text), text.utf8.count)
    }

    private mutating func kept(_ text: String) -> UnsafePointer<CChar>? {
        kept(Array(text.utf8) + [0])
    }

    private mutating func kept(_ bytes: [UInt8]) -> UnsafePointer<CChar>? {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, bytes.count))
        for (place, byte) in bytes.enumerated() { buffer[place] = CChar(bitPattern: byte) }
        memory.append(buffer)
        return UnsafePointer(buffer.baseAddress)
    }

    /// The key, or nil if OpenSSL refuses it, as it does a point that is not on its curve.
    func key(_ kind: String, isPrivate: Bool) -> OpaquePointer? {
        let parameters = OSSL_PARAM_BLD_to_param(builder)
        let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil)
        defer {
            EVP_PKEY_CTX_free(context)
            OSSL_PARAM_free(parameters)
            ERR_clear_error()
        }
        var key: OpaquePointer?
        let what = Int32(isPrivate ? COpenSSLKeyPair : COpenSSLPublicKey)
        guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, what, parameters) == 1 else {
            return nil
        }
        return key
    }
}
