// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for the handlers of jobs.
enum JobRules {
    static let all: [Rule] = [
        Rule(.job, "it does the job that it is meant for", forEach(does)),
        Rule(.job, "a job that was done before is done again or abandoned, also years later", forEach(again)),
        Rule(.job, "a job that it cannot read is done or abandoned, and not tried again and again", forEach(strange)),
        Rule(.job, "if another server fails, the job is tried again later", forEach(networkFails)),
        Rule(.job, "if the store fails, the job is tried again later", forEach(storeFails)),
        Rule(.job, "of a hundred jobs at once, all are done in the end", forEach(atOnce)),
        Rule(.job, "after a cancelled attempt, the job is done", forEach(cancelled)),
    ]

    /// A handler of a plugin that each check makes for itself.
    private struct Case: Sendable {
        let subject: PluginUnderTest
        let name: String

        /// Loads the plugin, and makes the payload of a job that its handler can do.
        ///
        /// Nothing is checked if no such payload is known.
        func run(_ check: (TestPlugin, JSON) async throws -> Void) async throws {
            try await subject.run { plugin in
                if let payload = try await payload(of: plugin) { try await check(plugin, payload) }
            }
        }

        /// The payload that the author gives, or that of a job that an outbox of the plugin queues.
        func payload(of plugin: TestPlugin) async throws -> JSON? {
            if let make = subject.payload(for: name) { return try await make(plugin) }
            for kind in plugin.registry.outboxes.flatMap(\.kinds) {
                let event = ExampleEvents.full(kind)
                for case .create(let record) in try await plugin.writes(about: event) {
                    if let queued = QueuedJob(record), queued.job.handler == name { return queued.job.payload }
                }
            }
            return nil
        }

        /// Queues a job, commits it and runs what is due.
        ///
        /// - Returns: How the last attempt to do it ended.
        func outcome(_ plugin: TestPlugin, _ payload: JSON) async throws -> JobAttempt.Outcome {
            let write = try await plugin.host.jobs.enqueue(Job(name, payload, limit: .seconds(86400 * 7)))
            _ = try await plugin.host.records.write([write])
            return try await next(plugin, payload)
        }

        /// Runs what is due.
        func next(_ plugin: TestPlugin, _ payload: JSON) async throws -> JobAttempt.Outcome {
            let attempts = try await plugin.runJobs()
            let last = attempts.last { $0.job.handler == name && $0.job.payload == payload }
            guard let last else { throw ConformanceFailure("the plugin no longer adds the handler '\(name)'") }
            return last.outcome
        }

        /// Whether the job of a plugin that was just loaded is done.
        func isDone(_ plugin: TestPlugin, _ payload: JSON) async throws -> Bool {
            if case .done = try await outcome(plugin, payload) { true } else { false }
        }
    }

    private static func forEach(
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for handler in try subject.registry().jobs { try await check(Case(subject: subject, name: handler.name)) }
        }
    }

    // MARK: payloads

    private static func does(_ subject: Case) async throws {
        try await subject.run { plugin, payload in
            let outcome = try await subject.outcome(plugin, payload)
            if case .done = outcome { return }
            if case .failed(let error) = outcome, error is OutboundError, plugin.host.network.answer == nil { return }
            throw ConformanceFailure(
                "its job is \(outcome): give one that it can do with queuing(\"\(subject.name)\"), and let other "
                    + "servers answer with on { $0.network.respond { _ in ... } }")
        }
    }

    private static func again(_ subject: Case) async throws {
        try await subject.run { plugin, payload in
            guard try await subject.isDone(plugin, payload) else { return }
            try await repeated(subject, plugin, payload, "at once")
            try await repeated(subject, plugin, payload, "a third time")
            plugin.host.clock.advance(by: .seconds(86400 * 365 * 10))
            try await repeated(subject, plugin, payload, "ten years later")
            try await plugin.host.store.purge()
            try await repeated(subject, plugin, payload, "after a purge")
        }
    }

    private static func repeated(
        _ subject: Case, _ plugin: TestPlugin, _ payload: JSON, _ when: String
    ) async throws {
        guard case .failed(let error) = try await subject.outcome(plugin, payload) else { return }
        throw ConformanceFailure(
            "a job that was done before fails when it runs again \(when): \(error). A server that crashes runs a job "
                + "twice, so do what is left to do, or throw JobAbandoned")
    }

    /// An error is fair only if something else failed, which may work again later.
    private static func strange(_ subject: Case) async throws {
        try await subject.subject.run { plugin in
            let good = try await subject.payload(of: plugin)
            plugin.host.network.respond { _ in OutboundReply(status: 500) }
            for payload in payloads(like: good) {
                let before = plugin.host.network.sent.count
                guard case .failed(let error) = try await subject.outcome(plugin, payload) else { continue }
                let isFair = plugin.host.network.sent.count > before || error is StoreError
                let shown = String(decoding: payload.bytes.prefix(200), as: UTF8.self)
                try expect(
                    isFair,
                    "the payload \(shown) fails with \(error), and so will each later attempt until the time limit: "
                        + "throw JobAbandoned, because an update may leave jobs with members that are missing or of "
                        + "another kind")
            }
        }
    }

    private static let values: [JSON] = plain + HostileText.all.map { .string($0) }

    private static let plain: [JSON] = [
        .null, .bool(true), .integer(0), .integer(.min), .number(0.5), .string(""), .array([]), .object([]),
        ["a": ["b": .array([.array([.null])])]],
    ]

    private static func payloads(like good: JSON?) -> [JSON] {
        var all = values
        for member in good?.members ?? [] {
            var changed = good ?? [:]
            changed[member.name] = nil
            all.append(changed)
            for value in values {
                changed = good ?? [:]
                changed[member.name] = value
                all.append(changed)
            }
        }
        return all
    }

    // MARK: failures

    private static func networkFails(_ subject: Case) async throws {
        try await subject.run { plugin, payload in
            guard try await subject.isDone(plugin, payload), !plugin.host.network.sent.isEmpty else { return }
            try await isTriedAgain(subject, "another server does not respond") { _ in
                throw OutboundError("this test lets requests fail")
            }
            try await isTriedAgain(subject, "another server responds with status 503") { _ in
                OutboundReply(status: 503)
            }
        }
    }

    private static func isTriedAgain(
        _ subject: Case, _ what: String, _ failure: @escaping TestNetwork.Answer
    ) async throws {
        try await subject.run { plugin, payload in
            guard let good = plugin.host.network.answer else { return }
            plugin.host.network.respond(failure)
            let outcome = try await subject.outcome(plugin, payload)
            plugin.host.network.respond(good)
            try await expectLater(subject, plugin, payload, after: outcome, if: what)
        }
    }

    private static func storeFails(_ subject: Case) async throws {
        var calls = 0
        try await subject.run { plugin, payload in
            let before = plugin.host.store.calls
            if try await subject.isDone(plugin, payload) { calls = plugin.host.store.calls - before }
        }
        for skipped in 0..<calls {
            try await subject.run { plugin, payload in
                plugin.host.store.fail(after: skipped, count: 1)
                let outcome = try await subject.outcome(plugin, payload)
                plugin.host.store.recover()
                try await expectLater(
                    subject, plugin, payload, after: outcome, if: "its call \(skipped + 1) of the store fails")
            }
        }
    }

    private static func expectLater(
        _ subject: Case, _ plugin: TestPlugin, _ payload: JSON, after outcome: JobAttempt.Outcome, if what: String
    ) async throws {
        guard case .failed = outcome else {
            throw ConformanceFailure(
                "if \(what), its job is \(outcome): let the error through, or throw one, so that it is tried again")
        }
        plugin.host.clock.advance(by: .seconds(3600))
        let later = try await subject.next(plugin, payload)
        if case .failed(let error) = later {
            throw ConformanceFailure("if \(what), and an hour later nothing fails, its job still fails: \(error)")
        }
    }

    // MARK: many

    private static func atOnce(_ subject: Case) async throws {
        try await subject.run { plugin, payload in
            guard try await subject.isDone(plugin, payload),
                let handler = plugin.registry.jobs.first(where: { $0.name == subject.name })
            else { return }
            // One of them may fail, and is tried again.
            _ = try await Many.atOnce { _ in try? await handler.run(payload) }
            try await repeated(subject, plugin, payload, "after a hundred at once")
        }
    }

    private static func cancelled(_ subject: Case) async throws {
        try await subject.run { plugin, payload in
            guard try await subject.isDone(plugin, payload),
                let handler = plugin.registry.jobs.first(where: { $0.name == subject.name })
            else { return }
            _ = await CancelledTask.result { try await handler.run(payload) }
            try await repeated(subject, plugin, payload, "after an attempt that was cancelled")
        }
    }
}
