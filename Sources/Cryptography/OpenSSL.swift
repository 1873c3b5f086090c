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
}

/// OpenSSL's SHA-256, looked up once: looking it up anew costs more than a short digest.
enum SHA256 {
    nonisolated(unsafe) static let algorithm: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil)
}
