// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRecord {
    private static let removed = "removed"

    /// Whether the document is being removed.
    ///
    /// Removal takes two writes; the first one marks the record, under a condition.
    var isBeingRemoved: Bool { value[StoreRecord.removed] == true }

    /// Returns the record with the mark that its document is being removed.
    ///
    /// - Parameter value: The value until the record is deleted, which tells readers that every grant has ended.
    /// - Returns: The marked record.
    func markedAsRemoved(_ value: JSON) -> StoreRecord {
        var marked = self
        marked.value = value
        marked.value[StoreRecord.removed] = true
        return marked
    }
}
