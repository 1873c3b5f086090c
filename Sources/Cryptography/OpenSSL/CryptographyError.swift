// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A failure of a cryptographic operation, with OpenSSL's reason where it gives one.
public struct CryptographyError: Error, CustomStringConvertible {
    /// What failed, and OpenSSL's reason.
    public let description: String

    /// Adds the oldest reason in OpenSSL's error queue of this thread, and empties the queue.
    init(_ action: String) {
        // Safe: OpenSSL's strings end with NUL and are copied at once.
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = unsafe code == 0 ? nil : ERR_reason_error_string(code).map { unsafe String(cString: $0) }
        description = reason.map { "\(action): \($0)" } ?? action
    }

    /// Describes a problem that the server has found itself, and empties OpenSSL's error queue.
    init(found problem: String) {
        ERR_clear_error()
        description = problem
    }
}
