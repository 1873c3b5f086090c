// SPDX-License-Identifier: Apache-2.0

extension Collection where Element == UInt8 {
    /// Whether other bytes occur in these, which says nothing about Unicode.
    func holds(_ part: String) -> Bool {
        let bytes = Array(part.utf8)
        return indices.contains { self[$0...].starts(with: bytes) }
    }
}
