// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Decides which jobs a node runs at once: a bounded number in total, and a share of it for each destination.
///
/// A destination that failed rests, longer each time, and then gets one job at a time. Jobs for destinations that
/// failed before may use at most half of the places, so that there is always room for others.
struct JobPlaces: Sendable {
    static let all = 256
    static let suspects = 128
    static let share = 8
    /// The longest rest of a destination; meanwhile its jobs wait in the store.
    static let longestRest = Duration.seconds(300)
    /// The time after its rest for which an idle destination is remembered.
    private static let memory = Duration.seconds(3600)

    /// The place that a job holds while it runs.
    struct Place: Sendable {
        fileprivate let key: StoreKey
        let lane: String
        fileprivate let isSuspect: Bool
        /// The number of failures in a row when the attempt began.
        fileprivate let failures: Int64
    }

    enum Answer {
        case place(Place)
        /// The job is already running.
        case known
        /// The destination has used up its share, or rests.
        case wait
        /// No place is free.
        case full
    }

    private struct Lane {
        var running = 0
        var failures: Int64 = 0
        var restsUntil = Timestamp(seconds: 0)
    }

    private var lanes: [String: Lane] = [:]
    /// The jobs that are running, which the store may not show yet.
    private var inHand: Set<StoreKey> = []
    private var running = 0
    private var suspects = 0

    mutating func place(_ job: StoredJob, now: Timestamp) -> Answer {
        guard !inHand.contains(job.record.key) else { return .known }
        guard running < JobPlaces.all else { return .full }
        var lane = lanes[job.lane] ?? Lane()
        let isSuspect = lane.failures > 0 || job.attempts > 0
        guard lane.restsUntil <= now, lane.running < (lane.failures > 0 ? 1 : JobPlaces.share),
            !isSuspect || suspects < JobPlaces.suspects
        else { return .wait }
        lane.running += 1
        lanes[job.lane] = lane
        running += 1
        if isSuspect { suspects += 1 }
        inHand.insert(job.record.key)
        return .place(Place(key: job.record.key, lane: job.lane, isSuspect: isSuspect, failures: lane.failures))
    }

    /// Frees a place.
    ///
    /// - Parameters:
    ///   - place: The place.
    ///   - hasFailed: Whether the destination failed; nil if it was not contacted.
    ///   - now: The current time.
    mutating func end(_ place: Place, hasFailed: Bool?, now: Timestamp) {
        running -= 1
        inHand.remove(place.key)
        if place.isSuspect { suspects -= 1 }
        guard var lane = lanes[place.lane] else { return }
        lane.running -= 1
        if hasFailed == false {
            (lane.failures, lane.restsUntil) = (0, Timestamp(seconds: 0))
        } else if hasFailed == true, lane.failures == place.failures {
            // Attempts that ran at the same time fail together, which counts once.
            lane.restsUntil = now + min(StoredJob.pause(after: lane.failures), JobPlaces.longestRest)
            lane.failures += 1
        }
        lanes[place.lane] = lane.running == 0 && lane.failures == 0 ? nil : lane
    }

    mutating func forgetOld(now: Timestamp) {
        lanes = lanes.filter { $0.value.running > 0 || now - $0.value.restsUntil < JobPlaces.memory }
    }
}
