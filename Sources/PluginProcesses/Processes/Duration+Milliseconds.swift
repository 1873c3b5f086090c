// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The duration in whole milliseconds, limited to 32 bits.
    var milliseconds: Int32 {
        let parts = min(max(self, .zero), .seconds(Int32.max / 1000)).components
        return Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }
}
