// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Lets OpenSSL read bytes.
///
/// It keeps a pointer to them, so they must stay where they are for as long as it reads.
func withInput<Value>(_ bytes: [UInt8], _ body: (OpaquePointer?) throws -> Value) rethrows -> Value {
    // The bytes outlive the input that reads them.
    try unsafe bytes.withUnsafeBytes { memory in
        let input = unsafe BIO_new_mem_buf(memory.baseAddress, Int32(memory.count))
        defer { unsafe BIO_free(input) }
        return try unsafe body(input)
    }
}
