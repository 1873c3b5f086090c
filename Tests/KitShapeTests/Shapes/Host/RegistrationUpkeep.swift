// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Deletes registrations that have reached their age.
struct ExpiredRegistrations: ScheduledJob {
    let host: any LaterHost
    let lifetime: Duration
    let name = "expired-registrations"
    let interval = Duration.seconds(3600)

    func run() async throws {
        let oldest = (host.now - Timestamp(seconds: 0)) - lifetime
        try await host.store.walk("registration") { record in
            let version = record.value["v"]?.integer ?? 1
            guard let value = try RegistrationVersions.all.current(record.value, version: version),
                let time = value["at"]?.integer, Duration.seconds(time) < oldest
            else { return }
            _ = try? await host.clients.documents.delete(record.key.id, if: .exists)
            _ = try await host.store.write([.delete(record.key)])
        }
    }
}

/// The versions of the records about registrations.
enum RegistrationVersions {
    static let all = CollectionVersion(collection: "registration", migrations: [NamedTime()])

    /// Version 1 had the time as `created`.
    struct NamedTime: CollectionVersion.Migration {
        func migrate(_ value: JSON) throws -> JSON? {
            var value = value
            if let created = value["created"] { value["at"] = created }
            value["created"] = nil
            return value
        }
    }
}
