// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore

extension HTTPListener {
    /// Explains to the operator why the server cannot listen on an address, and what to do.
    ///
    /// - Parameter error: The error with which the listener ended.
    /// - Returns: A clause without a full stop.
    public static func explain(_ error: any Error) -> String {
        // Safe: 'strerror' returns a string that ends with NUL.
        if error is SocketAddressError { return "the name cannot be resolved; use an IP address of this machine" }
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case EADDRINUSE: return "another process already listens there; stop it or choose another port"
        case EACCES, EPERM:
            return "this user may not; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
        case EADDRNOTAVAIL: return "this machine does not have this address; 'ip address' shows its addresses"
        case EAFNOSUPPORT: return "this machine does not support this kind of address; IPv6 may be disabled"
        case EMFILE, ENFILE: return "no file descriptors are left; raise the limit (see 'ulimit -n')"
        default: return unsafe String(cString: strerror(error.errnoCode))
        }
    }
}
