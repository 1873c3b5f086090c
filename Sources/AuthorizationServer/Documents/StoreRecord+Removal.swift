// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRecord {
    private static let removed = "removed"

    /// Whether the document is being removed, which takes two writes: the first one marks it, under a condition.
    var isBeingRemoved: Bool { value[StoreRecord.removed] == true }

    /// The record that marks the document as being removed.
    ///
    /// - Parameter value: What it holds until it is deleted, from which a reader knows that all has ended.
    /// - Returns: The marked record.
    func markedAsRemoved(_ value: JSON) -> StoreRecord {
        var marked = self
        marked.value = value
        marked.value[StoreRecord.removed] = true
        return marked
    }
}
