// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Authorization {
    /// Takes the place of a member: the names of the consent rows that the user has unticked.
    ///
    /// It is stored.
    var declined: [String] {
        get { attachments["later.declined"]?.strings ?? [] }
        set { attachments["later.declined"] = newValue.isEmpty ? nil : .strings(newValue) }
    }
}
