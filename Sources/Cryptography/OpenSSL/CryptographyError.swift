// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Why OpenSSL refused, in its own words.
public struct CryptographyError: Error, CustomStringConvertible {
    /// What was being done, and OpenSSL's reason.
    public let description: String

    /// Takes the oldest reason from OpenSSL's queue of this thread and empties the queue.
    init(_ action: String) {
        // OpenSSL's texts end with NUL and are copied at once.
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = unsafe code == 0 ? nil : ERR_reason_error_string(code).map { unsafe String(cString: $0) }
        description = reason.map { "\(action): \($0)" } ?? action
    }

    /// Says what the server found itself, and empties OpenSSL's queue.
    init(found problem: String) {
        ERR_clear_error()
        description = problem
    }
}
