// SPDX-License-Identifier: Apache-2.0

/// A write with its condition.
///
/// Several are committed together or not at all.
public enum StoreWrite: Sendable {
    /// Creates a record, which must not exist yet.
    case create(StoreRecord)
    /// Replaces a record, which must still have the version that was read.
    case replace(StoreRecord, ifVersion: Int64)
    /// Marks a record as redeemed.
    ///
    /// It must exist and not have been redeemed before.
    case redeem(StoreKey)
    /// Deletes a record if it exists.
    case delete(StoreKey)
    /// Writes nothing, but the record must not exist.
    ///
    /// With it, nothing is issued under a grant that is revoked at the same time.
    case absent(StoreKey)
}
