// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension AccessLimits {
    /// Whether these limits allow nothing that others do not allow.
    func allowNoMore(than others: AccessLimits) -> Bool {
        let isScopeInside = scope.words.allSatisfy { others.scope.contains($0) }
        let isAudienceInside =
            others.audience.isEmpty || !audience.isEmpty && audience.allSatisfy { others.audience.contains($0) }
        let isEndInside = others.notAfter.map { end in notAfter.map { $0 <= end } ?? false } ?? true
        return isScopeInside && isAudienceInside && isEndInside && (others.mayRefresh || !mayRefresh)
    }
}
