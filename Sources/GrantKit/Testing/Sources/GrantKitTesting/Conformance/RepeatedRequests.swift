// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends many requests to an endpoint, and requests while something fails.
enum RepeatedRequests {
    static func again(_ subject: EndpointCase) async throws {
        let (plugin, call) = try await subject.request()
        for number in 1...3 { _ = try await subject.reply(plugin, call, "request \(number) of the same") }
        plugin.host.clock.advance(by: .seconds(86400 * 365))
        _ = try await subject.reply(plugin, call, "the same request a year later")
    }

    /// At once, no more may have the same effect than one after another.
    static func atOnce(_ subject: EndpointCase) async throws {
        let (first, call) = try await subject.request()
        let good = try await subject.reply(first, call, "the request")
        guard good.answer != nil else { return }
        var allowed = 1
        for _ in 1..<Many.count {
            let reply = try await subject.reply(first, call, "a repeated request")
            // A request that ends the caller's own session or token may find others that were admitted before.
            guard !reply.isForCaller else { return }
            if reply.description == good.description { allowed += 1 }
        }
        let (plugin, same) = try await subject.request()
        let replies = try await Many.atOnce { _ in
            try await subject.reply(plugin, same, "one of many requests at once").description
        }
        let alike = replies.count { $0 == good.description }
        try expect(
            alike <= allowed,
            "one request to \(subject.name) is \(good) \(allowed) times one after another, but \(alike) times at once: "
                + "replace what was read with .replace(_:ifVersion:)")
    }

    /// A server purges expired records late, and at different times on each node.
    static func expired(_ subject: EndpointCase) async throws {
        var replies: [String] = []
        for isPurged in [false, true] {
            let (plugin, call) = try await subject.request()
            _ = try await subject.reply(plugin, call, "the request")
            plugin.host.clock.advance(by: .seconds(86400 * 365 * 10))
            if isPurged { try await plugin.host.store.purge() }
            let later = try await renewed(call, for: plugin)
            replies.append(try await subject.reply(plugin, later, "a request ten years later").description)
        }
        try expect(
            replies[0] == replies[1],
            "long after all it wrote has expired, a request to \(subject.name) is \(replies[0]) before a purge and "
                + "\(replies[1]) after it: treat a record whose expiresAt is over as if it were not there, and replace "
                + "it instead of creating it")
    }

    /// The same request from the same caller, who has signed in again or got another token.
    private static func renewed(_ call: TestCall, for plugin: TestPlugin) async throws -> TestCall {
        var later = call
        switch call.caller {
        case .browser(let session?)?: later.caller = .browser(try await plugin.signIn(session.user))
        case .bearer(let bearer)?:
            var user: User?
            if case .user(let id) = bearer.token.authorization.subject { user = try await plugin.host.users.find(id) }
            let scope = bearer.token.authorization.scope
            later.caller = .bearer(try await plugin.bearer(of: user, scope: scope, client: bearer.client))
        default: break
        }
        return later
    }

    // MARK: failures

    static func storeFails(_ subject: EndpointCase) async throws {
        let (counted, same) = try await subject.request()
        let before = counted.host.store.calls
        let good = try await subject.reply(counted, same, "the request")
        guard good.answer != nil else { return }
        for skipped in 0..<(counted.host.store.calls - before) {
            let (plugin, call) = try await subject.request()
            plugin.host.store.fail(after: skipped, count: 1)
            try await fails(subject, plugin, call, good, "call \(skipped + 1) of the store")
            plugin.host.store.recover()
            let next = try await subject.reply(plugin, call, "a request after the store failed")
            try expect(next.answer != nil, "after the store failed, the same request to \(subject.name) is \(next)")
        }
    }

    private static func fails(
        _ subject: EndpointCase, _ plugin: TestPlugin, _ call: TestCall, _ good: Reply, _ what: String
    ) async throws {
        do {
            let reply = Reply.answered(try await plugin.call(call))
            // A page may say that something did not work.
            try expect(
                reply.description != good.description,
                "\(what) failed, and \(subject.name) was \(good) nevertheless: let the error through")
        } catch is StoreError {
        } catch let error as OAuthError where error.code == .temporarilyUnavailable {
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure(
                "\(what) failed, and the caller of \(subject.name) is told \(error): let the StoreError through, "
                    + "which becomes 'temporarily_unavailable'")
        }
    }

    static func cancelled(_ subject: EndpointCase) async throws {
        let (fresh, same) = try await subject.request()
        let good = try await subject.reply(fresh, same, "the request")
        let (plugin, call) = try await subject.request()
        let wasAnswered = await CancelledTask.result { try await plugin.call(call) } != nil
        let next = try await subject.reply(plugin, call, "a request after a cancelled one")
        guard !wasAnswered, good.answer != nil, next.answer == nil else { return }
        throw ConformanceFailure(
            "after a cancelled request, which was not answered, the same request to \(subject.name) is \(next)")
    }
}
