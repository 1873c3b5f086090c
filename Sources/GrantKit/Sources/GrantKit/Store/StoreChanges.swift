// SPDX-License-Identifier: Apache-2.0

/// The records of followed collections that have been written since a position.
public struct StoreChanges: Sendable, Hashable {
    /// The keys of the records, in the order of the commits; a key may be there more than once.
    public var keys: [StoreKey]
    /// The position after the last of them, at most 256 bytes; nil if the store does not know what was written after
    /// the given position.
    public var position: String?

    /// Makes an answer.
    ///
    /// - Parameters:
    ///   - keys: The keys of the records, in the order of the commits.
    ///   - position: The position after the last of them; nil if the store does not know what was written after the
    ///     given one.
    public init(_ keys: [StoreKey], position: String?) {
        self.keys = keys
        self.position = position
    }
}
