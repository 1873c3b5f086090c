// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerConfiguration

extension FileExposure {
    /// Examines a file's permissions and owner; nil if nothing is wrong or the file does not exist.
    init?(ofFile path: String) {
        // Safe: the system only writes to the structure during the call.
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(permissions: Int(status.st_mode), owner: Int(status.st_uid))
    }
}
