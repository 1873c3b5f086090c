// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension DirectoryEntry {
    /// Where it is kept, as a list shows it.
    var place: String { isDeclared ? "the configuration" : "the store" }
}
