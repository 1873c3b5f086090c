// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerConfiguration

extension FileExposure {
    /// Looks at a file; of one that is not there nothing is said.
    init?(ofFile path: String) {
        // The system fills the structure that it is given.
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(permissions: Int(status.st_mode), owner: Int(status.st_uid))
    }
}
