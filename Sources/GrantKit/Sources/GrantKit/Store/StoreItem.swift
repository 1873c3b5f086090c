// SPDX-License-Identifier: Apache-2.0

/// An entry of a store, as it is copied to another store.
public enum StoreItem: Sendable, Hashable {
    /// A record, with its version and with its mark if it was redeemed.
    case record(StoreRecord)
    /// A counter.
    case counter(StoreCounter)
}
