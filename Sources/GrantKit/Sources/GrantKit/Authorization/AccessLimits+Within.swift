// SPDX-License-Identifier: Apache-2.0

extension AccessLimits {
    /// For the host: whether these limits allow nothing that others do not allow.
    @_spi(Host)
    public func isWithin(_ others: AccessLimits) -> Bool {
        scope.words.allSatisfy { others.scope.contains($0) } && hasAudience(within: others.audience)
            && (others.mayRefresh || !mayRefresh) && ends(by: others.notAfter)
    }

    /// An empty audience means everything that the client is for, so only an empty one contains it.
    private func hasAudience(within others: [String]) -> Bool {
        others.isEmpty || !audience.isEmpty && audience.allSatisfy { others.contains($0) }
    }

    private func ends(by moment: Timestamp?) -> Bool {
        guard let moment else { return true }
        return notAfter.map { $0 <= moment } ?? false
    }
}
