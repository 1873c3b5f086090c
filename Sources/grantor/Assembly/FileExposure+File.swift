// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerConfiguration

extension FileExposure {
    /// Examines the permissions and owner of a file with a key; nil if nothing is wrong or the file does not exist.
    init?(ofFile path: String) {
        guard let (permissions, owner) = FileExposure.status(path) else { return nil }
        self.init(permissions: permissions, owner: owner)
    }

    /// Examines the permissions of a file with certificates; nil if nothing is wrong or the file does not exist.
    init?(ofCertificateFile path: String) {
        guard let (permissions, _) = FileExposure.status(path) else { return nil }
        self.init(ofCertificates: permissions)
    }

    private static func status(_ path: String) -> (permissions: Int, owner: Int)? {
        // Safe: the system only writes to the structure during the call.
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return (Int(status.st_mode), Int(status.st_uid))
    }
}
