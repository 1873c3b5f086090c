// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore

extension HTTPListener {
    /// Why an address cannot be listened on, and what to do, in words for the operator.
    ///
    /// - Parameter error: What the listener ended with.
    /// - Returns: A sentence without a full stop.
    public static func explain(_ error: any Error) -> String {
        // 'strerror' gives a string that ends with NUL.
        if error is SocketAddressError { return "the name cannot be resolved; use an address of this machine" }
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case EADDRINUSE: return "another process listens there already; end it, or choose another port"
        case EACCES, EPERM:
            return "this user may not; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
        case EADDRNOTAVAIL: return "this machine has no such address; 'ip address' shows those that it has"
        case EAFNOSUPPORT: return "this machine does not speak that kind of address; IPv6 may be switched off"
        case EMFILE, ENFILE: return "no file descriptors are left; raise the limit, see 'ulimit -n'"
        default: return unsafe String(cString: strerror(error.errnoCode))
        }
    }
}
