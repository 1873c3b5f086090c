// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Brings the values of older records up to date when they are read, one version at a time.
struct CollectionVersion: LaterRole {
    /// The change from one version to the next.
    protocol Migration: Sendable {
        /// The value in the next version; nil if there is no such record in it.
        func migrate(_ value: JSON) throws -> JSON?
    }

    let collection: String
    /// The migration from version 1 and those that follow.
    ///
    /// The present version is their number plus 1.
    let migrations: [any Migration]

    var line: String { "version \(migrations.count + 1) of \(collection)" }

    /// For the host: the value as the plugin reads it.
    ///
    /// The host keeps the version with the record.
    ///
    /// - Throws: `StoreError` for a version that is newer than this plugin; what a migration throws.
    func current(_ value: JSON, version: Int64) throws -> JSON? {
        guard let first = Int(exactly: version), first >= 1, first <= migrations.count + 1 else {
            throw StoreError("a record of '\(collection)' has version \(version), which this plugin does not know")
        }
        var current: JSON? = value
        for migration in migrations.dropFirst(first - 1) {
            current = try current.flatMap(migration.migrate)
        }
        return current
    }
}
