// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A row of 'Limits.md' with the place in the sources that each of its numbers comes from.
struct LimitRow: Sendable, CustomTestStringConvertible {
    let name: String
    let column: Int
    let sources: [(file: String, before: String)]

    /// - Parameters:
    ///   - name: The first cell of the row.
    ///   - column: The cell with the numbers.
    ///   - sources: For each number a file below 'Sources', and what comes before the number there.
    init(_ name: String, column: Int = 1, _ sources: (file: String, before: String)...) {
        (self.name, self.column, self.sources) = (name, column, sources)
    }

    var testDescription: String { name }

    private static let core = "AuthorizationServer"
    private static let threads = "\(core)/OutsidePlugins/PluginThreads.swift"
    private static let deadlines = "\(core)/OutsidePlugins/PluginDeadlines.swift"
    private static let entry = "ServerConfiguration/ConfigurationReader.swift"
    private static let outbound = "ServerHTTP/Outbound/OutboundClient.swift"
    private static let log = "\(core)/Server/LentLog.swift"
    private static let places = "\(core)/Jobs/JobPlaces.swift"
    private static let job = "\(core)/Jobs/StoredJob.swift"
    private static let queue = "\(core)/Events/EventQueue.swift"
    private static let attempts = "\(core)/SignIn/AttemptAllowance.swift"

    static let all = [
        LimitRow("a background job, or a batch of events", (deadlines, "var job = ")),
        LimitRow("`start`", (deadlines, "var start = "), (deadlines, "var slowStart = ")),
        LimitRow("a call that keeps its thread busy", (deadlines, "var held = ")),
        LimitRow("`init` and `register`", ("grantor/Assembly/LoadingWatch.swift", "let limit = ")),
        LimitRow("a request to another server (`host.outbound`)", (outbound, "limit: Duration = ")),
        LimitRow("threads of a plugin", (threads, "let usual = ")),
        LimitRow(
            "threads of a plugin, with those that replace threads held beyond a deadline", (threads, "let most = ")),
        LimitRow("calls that may wait while no call gets a thread for 1 second", (threads, "let longestQueue = ")),
        LimitRow("calls that have not returned", (threads, "let mostCalls = ")),
        LimitRow("the body of a request", ("\(core)/Requests/Limit.swift", "let body = ")),
        LimitRow("parameters in a request", ("\(core)/Requests/Limit.swift", "let parameters = ")),
        LimitRow(
            "a parameter",
            ("GrantKit/Sources/GrantKit/Endpoints/ParameterDeclaration.swift", "longest: Int = ")),
        LimitRow(
            "`scope`", ("\(core)/Tokens/GrantPlan.swift", "ParameterDeclaration(\"scope\", longest: "),
            ("GrantKit/Sources/GrantKit/Values/Scope.swift", "let most = ")),
        LimitRow(
            "`state` at the authorization endpoint",
            ("\(core)/Authorization/AuthorizationPlan.swift", "let longestState = ")),
        LimitRow("a client secret", ("\(core)/Requests/Limit.swift", "let secret = ")),
        LimitRow("nested values in JSON", ("GrantKit/Sources/GrantKit/Values/JSON+Parsing.swift", "let deepest = ")),
        LimitRow("a sealed value in a URL", ("\(core)/Requests/Limit.swift", "let sealed = ")),
        LimitRow("the body of another server's response", (outbound, "longest: Int = ")),
        LimitRow(
            "how often a grant decides again after a conflict",
            ("\(core)/Tokens/TokenEndpoint.swift", "let retries = ")),
        LimitRow(
            "a list of mappings in the settings",
            ("GrantKit/Sources/GrantKit/Plugin/Settings.swift", "atMost limit: Int = ")),
        LimitRow("a message or a value", (log, "let longest = ")),
        LimitRow("values in a line", (log, "let mostValues = ")),
        LimitRow("the name of a value", (log, "let longestName = ")),
        LimitRow("the longest pause", (job, "min(5 << min(max(attempts, 0), 10), ")),
        LimitRow("the first pause after a failure", (job, ".seconds(min(")),
        LimitRow("jobs at once on one server", (places, "let all = ")),
        LimitRow("jobs at once for destinations that have failed", (places, "let suspects = ")),
        LimitRow("how long a destination rests after failures, at most", (places, "let longestRest = ")),
        LimitRow("how long one server has a job to itself", (job, "let lease = ")),
        LimitRow(
            "how often each server looks for jobs that others left behind",
            ("\(core)/Jobs/JobRunner.swift", "interval: Duration = ")),
        LimitRow("events that wait for one sink", (queue, "let capacity = ")),
        LimitRow("events in one call of a sink", (queue, "let batch = ")),
        LimitRow(
            "an event that a plugin in a process of its own records",
            ("PluginProcesses/HostCalls/HostCall+Work.swift", "let largestEvent = ")),
        LimitRow("how long a failing sink is retried after the server stops", (queue, "let patience = ")),
        LimitRow("an account", (attempts, "let account = AttemptAllowance(free: ")),
        LimitRow("an address", (attempts, "let address = AttemptAllowance(free: ")),
        LimitRow(
            "all addresses together, if the guess names no account",
            (attempts, "let everyone = AttemptAllowance(free: ")),
        LimitRow("an account", column: 2, (attempts, "let account = AttemptAllowance(free: 5, longest: ")),
        LimitRow("an address", column: 2, (attempts, "let address = AttemptAllowance(free: 100, longest: ")),
        LimitRow(
            "all addresses together, if the guess names no account", column: 2,
            (attempts, "let everyone = AttemptAllowance(free: 1000, longest: ")),
        LimitRow(
            "how often expired records are purged", ("\(core)/Jobs/StorePurger.swift", "Task.sleep(for: .seconds(")),
        LimitRow("records in one batch of a purge", ("\(core)/Jobs/StorePurger.swift", "let batch = ")),
        LimitRow(
            "records in a page of `walk`",
            ("GrantKit/Sources/GrantKit/Store/StoreService.swift", "after: last, limit: ")),
    ]

    /// Rows whose cells have more numbers than those that the sources have in one place.
    static let first = [
        LimitRow("a call that belongs to a request", (deadlines, "var call = ")),
        LimitRow("lines of a plugin in a second", (log, "let most = ")),
        LimitRow("jobs at once for one destination", (places, "let share = ")),
    ]
}

@Suite("Limits.md says what the sources say", .timeLimit(.minutes(10)))
struct LimitTests {
    /// The numbers in a cell.
    private func numbers(_ row: LimitRow) throws -> [Int] {
        let page = try GuidePage("\(GuidePage.catalog)/Limits.md")
        let cell = try #require(page.row(row.name)?[row.column], "no row '\(row.name)'")
        return cell.replacingOccurrences(of: ",", with: "").matches(of: /[0-9]+/).compactMap { Int($0.0) }
    }

    /// The number behind a piece of source, such as `64 * 1024` or `.seconds(10)`.
    private func value(_ source: (file: String, before: String)) throws -> Int {
        let text = try String(contentsOfFile: "\(GuidePage.root)/Sources/\(source.file)", encoding: .utf8)
        let place = try #require(text.range(of: source.before), "\(source.file): \(source.before)")
        let behind = text[place.upperBound...].replacing(/^Duration/, with: "").replacing(/^\.seconds\(/, with: "")
        let factors = try #require(behind.prefixMatch(of: /[0-9_]+( \* [0-9_]+)*/), "\(source.file): \(source.before)")
        return factors.0.replacing("_", with: "").split(separator: " * ").compactMap { Int($0) }.reduce(1, *)
    }

    @Test("each number is that of the sources", arguments: LimitRow.all)
    func equal(_ row: LimitRow) throws {
        let expected = try row.sources.map(value)
        #expect(try numbers(row) == expected)
    }

    @Test("the first number of a row is that of the sources", arguments: LimitRow.first)
    func first(_ row: LimitRow) throws {
        let expected = try row.sources.map(value).first
        #expect(try numbers(row).first == expected && expected != nil)
    }

    @Test("a number of the sources is read with its factors")
    func reads() throws {
        #expect(try value((LimitRow.all[9].sources[0])) == 65_536)
    }
}
