// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@testable import PostgreSQLStore

@Suite("postgres-store and clocks that differ", .timeLimit(.minutes(20)))
struct PostgreSQLClockTests {
    /// Clocks that a test sets, in seconds.
    private final class Clocks: Sendable {
        private let times = Mutex((real: Int64(1_800_000_000), uptime: Int64(1000)))

        func pass(_ seconds: Int64) { times.withLock { $0 = ($0.real + seconds, $0.uptime + seconds) } }
        func set(ahead seconds: Int64) { times.withLock { $0.real += seconds } }

        func read(_ clock: clockid_t) -> Int64 {
            times.withLock { clock == CLOCK_REALTIME ? $0.real : $0.uptime } * 1_000_000_000
        }

        var microseconds: Int64 { read(CLOCK_REALTIME) / 1000 }
    }

    /// A log that keeps its lines.
    private final class Lines: LogService {
        private let all = Mutex<[String]>([])

        func write(
            _ level: LogLevel, _ message: @autoclosure () -> String,
            _ values: @autoclosure () -> KeyValuePairs<String, String>
        ) {
            let line = "\(level) \(message())"
            all.withLock { $0.append(line) }
        }

        func take() -> [String] {
            all.withLock { all in
                defer { all = [] }
                return all
            }
        }
    }

    @Test(
        "more than 2 seconds are reported once, more than 30 are refused, in both directions",
        arguments: [Int64(1), -1])
    func bounds(_ direction: Int64) throws {
        let (clocks, log) = (Clocks(), Lines())
        let watch = ClockWatch("db/grantor", log: log) { clocks.read($0) }
        try watch.check()
        for (seconds, level) in [
            (Int64(2), nil), (3, "warning"), (30, nil), (31, "error"), (30, "warning"), (2, "notice"),
        ] {
            let now = watch.uptime
            watch.take(clocks.microseconds - direction * seconds * 1_000_000, between: now, and: now)
            if seconds > 30 {
                #expect(throws: StoreError.self) { try watch.check() }
            } else {
                try watch.check()
            }
            let lines = log.take()
            #expect(lines.count == (level == nil ? 0 : 1), "\(seconds) seconds: \(lines)")
            if let level { #expect(lines.first?.hasPrefix("\(level) ") == true, "\(seconds) seconds: \(lines)") }
        }
    }

    @Test("a clock that is set is noticed at the next call, and time that passes is not")
    func jump() throws {
        let clocks = Clocks()
        let watch = ClockWatch("db/grantor", log: Lines()) { clocks.read($0) }
        watch.take(clocks.microseconds, between: watch.uptime, and: watch.uptime)
        clocks.pass(86_400)
        try watch.check()
        clocks.set(ahead: 3600)
        do {
            try watch.check()
            Issue.record("accepted")
        } catch let error as StoreError {
            #expect(
                error.message == "the store db/grantor is not used: the clock of this machine is 3600 seconds ahead of "
                    + "that of the database; synchronize the clocks")
        }
        clocks.set(ahead: -3600)
        try watch.check()
    }

    @Test("an answer that took long says nothing about the clock, and no number ends the process")
    func extremes() throws {
        let clocks = Clocks()
        let watch = ClockWatch("db/grantor", log: Lines()) { clocks.read($0) }
        let start = watch.uptime
        clocks.pass(3)
        watch.take(clocks.microseconds - 60_000_000, between: start, and: watch.uptime)
        try watch.check()
        for time in [Int64.max, .min, .max / 1000, .min / 1000, 0] {
            watch.take(time, between: watch.uptime, and: watch.uptime)
            try? watch.check()
        }
    }

    @Test("a node does not start while its clock is off, and one that runs stops using the store until it is right")
    func node() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let url = try cluster.shiftedClock("clock")
        let make = {
            try Stores.make(Stores.postgreSQL, ["url": .string(url), "pool": 4, "statement_timeout": "60s"])
        }
        try cluster.sql("UPDATE tclock.shift SET seconds = 60")
        let early = try make()
        await #expect(throws: StoreError.self) { try await early.plugin.start() }
        await early.plugin.stop()
        try cluster.sql("UPDATE tclock.shift SET seconds = 0")
        let node = try make()
        try await node.plugin.start()
        let key = StoreKey("a", "a")
        #expect(try await node.store.read(key) == nil)
        try cluster.sql("UPDATE tclock.shift SET seconds = -60")
        try await Patience.wait { await !isUsable(node.store) }
        #expect(await !isUsable(node.store))
        try cluster.sql("UPDATE tclock.shift SET seconds = 0")
        try await Patience.wait { await isUsable(node.store) }
        #expect(await isUsable(node.store))
        await node.plugin.stop()
    }

    private func isUsable(_ store: any Store) async -> Bool {
        do {
            _ = try await store.page("a", after: nil, limit: 1)
            return true
        } catch { return false }
    }
}
#endif
