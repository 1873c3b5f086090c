// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Does something every night, on one of the servers that share a store.
struct NightlyCleaning: JobHandler {
    static let nights = StoreCollection("cleaning_night")

    let host: any PluginHost
    let name = "nightly-cleaning"

    func run(_ payload: JSON) async throws {
        guard let seconds = payload["night"]?.integer else { throw JobAbandoned("the job has no night") }
        let night = Timestamp(seconds: seconds)
        try await clean(night)
        try await schedule(night + .seconds(86400))
    }

    /// Queues the job of a night once: each server calls this when it starts, and so does the job of the night before.
    func schedule(_ night: Timestamp) async throws {
        var job = Job(name, ["night": .integer(night.seconds)], limit: .seconds(86400))
        job.notBefore = night
        let record = StoreRecord(Self.nights.key("\(night.seconds)"), [:], expiresAt: night + .seconds(7 * 86400))
        // A conflict means that the job is queued already, so it is no error.
        _ = try await host.store.write([.create(record), try await host.jobs.enqueue(job)])
    }

    private func clean(_ night: Timestamp) async throws {
        host.events.record(Event(Event.Kind(rawValue: "cleaning.done"), details: ["night": .integer(night.seconds)]))
    }
}
