// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension DirectoryEntry {
    /// Where the entry is kept, as shown in a list.
    var place: String { isDeclared ? "the configuration" : "the store" }
}
