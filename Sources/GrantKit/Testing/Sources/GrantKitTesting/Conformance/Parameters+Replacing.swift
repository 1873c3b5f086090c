// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Parameters {
    /// The same parameters with one value.
    func replacing(_ name: String, with value: String) -> Parameters {
        Parameters(all.filter { $0.name != name } + [(name: name, value: value)])
    }
}
