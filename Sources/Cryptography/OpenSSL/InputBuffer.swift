// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Calls a function with an OpenSSL input that reads the given bytes; the input is only valid during the call.
func withInput<Value>(_ bytes: [UInt8], _ body: (OpaquePointer?) throws -> Value) rethrows -> Value {
    // Safe: the bytes outlive the input that reads them.
    try unsafe bytes.withUnsafeBytes { memory in
        let input = unsafe BIO_new_mem_buf(memory.baseAddress, Int32(memory.count))
        defer { unsafe BIO_free(input) }
        return try unsafe body(input)
    }
}
