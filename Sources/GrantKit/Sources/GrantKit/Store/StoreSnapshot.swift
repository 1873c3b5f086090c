// SPDX-License-Identifier: Apache-2.0

/// Everything that a store held at one moment.
public protocol StoreSnapshot: Sendable {
    /// Reads the next items, in any order.
    ///
    /// - Returns: At most 500 items; none at the end.
    /// - Throws: `StoreError`.
    func next() async throws -> [StoreItem]

    /// Ends the snapshot, so that the store no longer keeps what has been deleted since.
    func close() async
}
