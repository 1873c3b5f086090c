// SPDX-License-Identifier: Apache-2.0

/// One entry of an atomic write, with the condition under which it holds.
public enum StoreWrite: Sendable {
    /// Writes a record that must not exist.
    case create(StoreRecord)
    /// Overwrites a record that must still have the version that was read.
    case replace(StoreRecord, ifVersion: Int64)
    /// Marks a record that must exist and not have been redeemed.
    case redeem(StoreKey)
    /// Removes a record if it exists.
    case delete(StoreKey)
    /// Writes nothing; the record must not exist. How a commit refuses to race with a revocation.
    case absent(StoreKey)
}
