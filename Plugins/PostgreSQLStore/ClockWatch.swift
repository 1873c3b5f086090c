// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit
import Synchronization

/// Compares the clock of this machine with that of the database, which all nodes share.
///
/// A node purges by its own clock, so one that is far ahead would remove what the others need to recognize a value that
/// was used before. Such a node must not use the store. A clock that is set is noticed at the next call, since the time
/// of the database is computed from a clock that nobody sets.
final class ClockWatch: Sendable {
    /// The difference that is worth a warning, in nanoseconds.
    private static let tolerance: Int64 = 2_000_000_000
    /// The difference beyond which the store is not used, in nanoseconds.
    ///
    /// The core keeps what was used once for two minutes longer than needed, so that two nodes may be this far off in
    /// opposite directions.
    private static let most: Int64 = 30_000_000_000

    /// What the log says about the clock.
    private enum Verdict { case right, off, useless }

    private struct State {
        /// The time of the database minus that of the monotonic clock, in nanoseconds; nil until it is known.
        var base: Int64?
        var reported = Verdict.right
    }

    private let place: String
    private let log: any LogService
    private let clock: @Sendable (clockid_t) -> Int64
    private let state = Mutex(State())

    /// Watches the clock of this machine.
    ///
    /// - Parameters:
    ///   - place: The database, as messages call it.
    ///   - log: Where differences are reported.
    ///   - clock: Reads a clock of the system, in nanoseconds.
    init(
        _ place: String, log: any LogService,
        clock: @escaping @Sendable (clockid_t) -> Int64 = ClockWatch.read
    ) {
        (self.place, self.log, self.clock) = (place, log, clock)
    }

    /// The time of a clock of the system, in nanoseconds.
    static func read(_ clock: clockid_t) -> Int64 {
        // Safe: the call writes one structure.
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// The time that runs at the same speed as the clock, and that nobody sets; also while the machine sleeps.
    var uptime: Int64 { clock(CLOCK_BOOTTIME) }

    /// Takes the time of the database, and reports a difference that was not reported yet.
    ///
    /// - Parameters:
    ///   - microseconds: The time of the database, since 1970.
    ///   - start: The uptime before the database was asked.
    ///   - end: The uptime when its answer was here.
    func take(_ microseconds: Int64, between start: Int64, and end: Int64) {
        // The database has read its clock at some moment between the two.
        let time = microseconds.multipliedReportingOverflow(by: 1000)
        guard !time.overflow, end &- start <= ClockWatch.tolerance else { return }
        state.withLock { $0.base = time.partialValue &- (start &+ (end &- start) / 2) }
        report()
    }

    /// How far the clock of this machine is ahead, in nanoseconds; 0 until it is known.
    private var lead: Int64 {
        guard let base = state.withLock({ $0.base }) else { return 0 }
        let (lead, overflow) = clock(CLOCK_REALTIME).subtractingReportingOverflow(base &+ uptime)
        return overflow ? .max : lead
    }

    /// Makes sure that the clock is right enough.
    ///
    /// - Throws: `StoreError` if it is more than 30 seconds off.
    func check() throws {
        guard lead.magnitude > UInt64(ClockWatch.most) else { return }
        report()
        throw StoreError("the store \(place) is not used: \(ClockWatch.difference(lead)); synchronize the clocks")
    }

    private static func difference(_ lead: Int64) -> String {
        "the clock of this machine is \(lead.magnitude / 1_000_000_000) seconds \(lead > 0 ? "ahead of" : "behind") "
            + "that of the database"
    }

    private func report() {
        let lead = lead
        let verdict: Verdict =
            switch lead.magnitude {
            case ...UInt64(ClockWatch.tolerance): .right
            case ...UInt64(ClockWatch.most): .off
            default: .useless
            }
        let isNews = state.withLock { state in
            defer { state.reported = verdict }
            return state.reported != verdict
        }
        guard isNews else { return }
        switch verdict {
        case .right: log.notice("the clock of this machine is that of the database again")
        case .off: log.warning("\(ClockWatch.difference(lead)); synchronize the clocks")
        case .useless: log.error("the store is not used: \(ClockWatch.difference(lead)); synchronize the clocks")
        }
    }
}
