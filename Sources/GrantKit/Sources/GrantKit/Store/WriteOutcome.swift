// SPDX-License-Identifier: Apache-2.0

/// What became of an atomic write.
public enum WriteOutcome: Sendable, Equatable {
    /// Every entry held and all were written.
    case committed
    /// Nothing was written: this entry did not hold, and this is what stood there.
    case conflict(write: Int, found: StoreRecord?)
}
