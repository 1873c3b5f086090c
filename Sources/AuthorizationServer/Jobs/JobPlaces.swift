// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Which jobs a node tries at once: a bounded number in all, and of each destination a share.
///
/// A destination that failed rests, longer each time, and then one job at a time tries it. Those that failed before get
/// half of the places at the most, so that the others always find one.
struct JobPlaces: Sendable {
    static let all = 256
    static let suspects = 128
    static let share = 8
    /// How long a destination rests at the most; what comes meanwhile waits in the store.
    static let longestRest = Duration.seconds(300)
    /// A destination that nothing was heard of for so long after its rest is forgotten.
    private static let memory = Duration.seconds(3600)

    /// What a job holds while it is tried.
    struct Place: Sendable {
        fileprivate let key: StoreKey
        let lane: String
        fileprivate let isSuspect: Bool
        /// How often the destination had failed in a row when the attempt began.
        fileprivate let failures: Int64
    }

    enum Answer {
        case place(Place)
        /// It is being tried already.
        case known
        /// The destination has its share, or rests.
        case wait
        /// There is no place for anybody.
        case full
    }

    private struct Lane {
        var running = 0
        var failures: Int64 = 0
        var restsUntil = Timestamp(seconds: 0)
    }

    private var lanes: [String: Lane] = [:]
    /// The jobs that are being tried, of which the store may not know yet.
    private var inHand: Set<StoreKey> = []
    private var running = 0
    private var suspects = 0

    mutating func place(_ job: Job, now: Timestamp) -> Answer {
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

    /// Gives a place back.
    ///
    /// - Parameters:
    ///   - place: The place.
    ///   - hasFailed: Whether the destination failed; nil if it was not asked.
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
            // Those that were under way together fail together, which counts once.
            lane.restsUntil = now + min(Job.pause(after: lane.failures), JobPlaces.longestRest)
            lane.failures += 1
        }
        lanes[place.lane] = lane.running == 0 && lane.failures == 0 ? nil : lane
    }

    mutating func forgetOld(now: Timestamp) {
        lanes = lanes.filter { $0.value.running > 0 || now - $0.value.restsUntil < JobPlaces.memory }
    }
}
