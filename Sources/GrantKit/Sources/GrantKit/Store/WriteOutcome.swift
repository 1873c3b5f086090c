// SPDX-License-Identifier: Apache-2.0

/// The outcome of several writes.
public enum WriteOutcome: Sendable, Equatable {
    /// All conditions held, and all writes were committed.
    case committed
    /// Nothing was written, because the condition of one write did not hold.
    ///
    /// `write` is the index of that write, and `found` the record that the store has for its key.
    case conflict(write: Int, found: StoreRecord?)
}
