// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The badges in the store, each with the person who has it.
struct Badges: Sendable {
    static let collection = StoreCollection("turnstile_badge", indexes: ["person"])
    static let readings = StoreCollection("turnstile_reading", durability: .relaxed)

    let host: any PluginHost

    /// The record of a new badge.
    func record(_ badge: String, of person: String) -> StoreRecord {
        StoreRecord(
            Self.collection.key(host.cryptography.digest(badge)), ["person": .string(person)],
            expiresAt: host.now + .seconds(400 * 86400), indexes: ["person": person])
    }

    /// The badges of a person.
    func badges(of person: String) async throws -> [StoreRecord] {
        var all: [StoreRecord] = []
        var last: StoreKey?
        while true {
            let page = try await host.store.find(
                Self.collection.name, by: "person", equals: person, after: last, limit: 100)
            guard let end = page.last else { return all }
            all += page.filter { $0.expiresAt > host.now }
            last = end.key
        }
    }

    /// Blocks every badge.
    ///
    /// - Returns: How many badges somebody else changed meanwhile. They are not blocked: call it again.
    func blockAll() async throws -> Int {
        var missed = 0
        try await host.store.walk(Self.collection.name) { record in
            var next = record
            next.value["blocked"] = true
            let outcome = try await host.store.write([.replace(next, ifVersion: record.version)])
            if outcome != .committed { missed += 1 }
        }
        return missed
    }

    /// Counts a reading of a badge.
    ///
    /// - Returns: The number of readings in the hour that began with the first of them.
    func count(_ badge: String) async throws -> Int64 {
        let key = Self.readings.key(host.cryptography.digest(badge))
        return try await host.store.increment(key, expiresAt: host.now + .seconds(3600))
    }
}
