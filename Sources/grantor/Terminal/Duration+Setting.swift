// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Duration {
    var text: String { setting.string ?? "" }
}
