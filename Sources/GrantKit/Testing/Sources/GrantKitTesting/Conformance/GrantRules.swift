// SPDX-License-Identifier: Apache-2.0

import GrantKit
import MemoryRecords

/// The rules for grants.
enum GrantRules {
    static let all: [Rule] = [
        Rule(.grant, "its names are words that fit into a form and a configuration", forEach(names)),
        Rule(.grant, "it accepts the request that it is meant for", forEach(accepts)),
        Rule(.grant, "it grants no more scope than the client may have", forEach(scope)),
        Rule(.grant, "its subject is the client that asks, or a user that exists", forEach(subject)),
        Rule(.grant, "it answers strange values with an OAuth error, and does not repeat them", forEach(strange)),
        Rule(
            .grant, "a request that it grants writes nothing: what it changes is in the writes",
            forEach(writesNothing)),
        Rule(.grant, "a value that may be used once is used once, also by a hundred at once", forEach(atOnce)),
        Rule(.grant, "a second request is granted or refused, and does not fail", forEach(again)),
        Rule(.grant, "what it redeems has a grant id, the same for each request", forEach(grantID)),
        Rule(.grant, "it decides the same whether or not expired records are purged", forEach(expired)),
        Rule(.grant, "if the store fails, it grants nothing, and works again later", forEach(storeFails)),
        Rule(.grant, "a cancelled request ends, and the next one is answered", forEach(cancelled)),
    ]

    /// A grant of a plugin that each check makes for itself.
    private struct Case: Sendable {
        let subject: PluginUnderTest
        let wire: String

        func load(records: any Store = MemoryRecords()) async throws -> (plugin: TestPlugin, grant: any TokenGrant) {
            let plugin = try await subject.load(records: records)
            guard let grant = plugin.registry.grants.first(where: { $0.declaration.wire == wire }) else {
                throw ConformanceFailure("the plugin no longer adds the grant '\(wire)' when it is made again")
            }
            return (plugin, grant)
        }

        /// A plugin with a request that its grant accepts.
        func request(
            records: any Store = MemoryRecords()
        ) async throws -> (plugin: TestPlugin, parameters: Parameters) {
            let (plugin, grant) = try await load(records: records)
            return (plugin, try await subject.parameters(for: grant, of: plugin))
        }

        func outcome(_ plugin: TestPlugin, _ parameters: Parameters, _ what: String) async throws -> Outcome {
            try await Outcome("\(what) to '\(wire)'") {
                try await token(plugin, parameters).authorization.subject
            }
        }

        func token(_ plugin: TestPlugin, _ parameters: Parameters) async throws -> TestToken {
            try await plugin.token(wire, parameters, from: subject.client(for: wire))
        }
    }

    private static func forEach(
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for grant in try subject.registry().grants {
                try await check(Case(subject: subject, wire: grant.declaration.wire))
            }
        }
    }

    // MARK: one request

    private static func names(_ subject: Case) async throws {
        let (_, grant) = try await subject.load()
        let declaration = grant.declaration
        for name in [declaration.wire, declaration.key] + declaration.aliases { try Word.check(name, "name") }
        for parameter in grant.parameters { try Word.check(parameter.name, "parameter") }
    }

    private static func accepts(_ subject: Case) async throws {
        let (plugin, parameters) = try await subject.request()
        let outcome = try await subject.outcome(plugin, parameters, "the request")
        guard case .granted(let granted) = outcome else {
            throw ConformanceFailure(
                "the request with \(parameters.all.map(\.name)) is \(outcome): give a request that it accepts "
                    + "with accepting(\"\(subject.wire)\"), with '--with', or as the examples of its parameters")
        }
        try expect(!granted.id.isEmpty, "what it grants has no subject")
    }

    private static func scope(_ subject: Case) async throws {
        let (plugin, grant) = try await subject.load()
        let parameters = try await subject.subject.parameters(for: grant, of: plugin)
        let scope = subject.subject.client(for: subject.wire)?.scope ?? TestPlugin.client(for: grant.declaration).scope
        let word = parameters["scope"] == nil ? scope.words.first : nil
        let narrow = word.map { parameters.replacing("scope", with: $0) } ?? parameters
        let token = try await subject.token(plugin, narrow)
        guard case .client = token.authorization.subject else { return }
        let more = token.authorization.scope.words.filter { !scope.contains($0) }
        try expect(
            more.isEmpty, "it granted \(more), which the client may not have: use request.allowed as the limits")
    }

    private static func subject(_ subject: Case) async throws {
        let (plugin, parameters) = try await subject.request()
        let token = try await subject.token(plugin, parameters)
        guard case .user(let id) = token.authorization.subject, !subject.subject.exceptions.knowsForeignUsers else {
            return
        }
        let user: User? = try await plugin.host.users.find(id)
        try expect(
            user != nil,
            "it grants for the user '\(id)', whom the directory does not know: look it up with host.users.find, or say "
                + "with grantingToForeignUsers() that another server knows the user")
    }

    private static func strange(_ subject: Case) async throws {
        let (plugin, grant) = try await subject.load()
        let good = try await subject.subject.parameters(for: grant, of: plugin)
        for parameter in grant.parameters {
            for text in HostileText.all where text.utf8.count <= parameter.longest {
                try await Harmless.check("a strange '\(parameter.name)'") {
                    _ = try await subject.token(plugin, good.replacing(parameter.name, with: text))
                }
            }
        }
    }

    private static func writesNothing(_ subject: Case) async throws {
        let (plugin, parameters) = try await subject.request()
        let before = plugin.host.store.written.count
        guard case .granted = try await subject.outcome(plugin, parameters, "the request") else { return }
        let own = plugin.host.store.written.dropFirst(before)
        try expect(
            own.isEmpty,
            "it wrote to '\(own.first?.key?.collection ?? "")' with host.store.write: return the write in "
                + "Authorization.writes, so that it is committed with the token or not at all")
    }

    // MARK: many requests

    /// At once, no more may be granted than one after another.
    private static func atOnce(_ subject: Case) async throws {
        let (first, parameters) = try await subject.request()
        var allowed = 0
        for _ in 0..<Many.count {
            guard case .granted = try await subject.outcome(first, parameters, "a repeated request") else { break }
            allowed += 1
        }
        let (plugin, same) = try await subject.request()
        let outcomes = try await Many.atOnce { _ in
            try await subject.outcome(plugin, same, "one of many requests at once")
        }
        let granted = outcomes.count { if case .granted = $0 { true } else { false } }
        try expect(
            granted <= allowed,
            "one request is granted \(allowed) times one after another, but \(granted) times at once: "
                + "replace what was read with .replace(_:ifVersion:), or redeem it")
        try expect(granted > 0 || allowed == 0, "of \(Many.count) requests at once, none is granted")
    }

    private static func again(_ subject: Case) async throws {
        let (plugin, parameters) = try await subject.request()
        for number in 1...3 { _ = try await subject.outcome(plugin, parameters, "request \(number) of the same") }
        plugin.host.clock.advance(by: .seconds(86400 * 365))
        _ = try await subject.outcome(plugin, parameters, "the same request a year later")
    }

    /// A replay revokes what the first use issued, by its grant id.
    private static func grantID(_ subject: Case) async throws {
        let (plugin, grant) = try await subject.load()
        let parameters = try await subject.subject.parameters(for: grant, of: plugin)
        let first = try await subject.token(plugin, parameters)
        let redeems = first.authorization.writes.contains { if case .redeem = $0 { true } else { false } }
        guard redeems else { return }
        guard case .refused = try await subject.outcome(plugin, parameters, "a replay") else {
            throw ConformanceFailure("what it redeems can be redeemed again")
        }
        try expect(
            try await plugin.host.tokens.resolve(first.value) == nil,
            "after a replay, the token of the first use is still good: both uses must return the same grantID, "
                + "which is kept in the record")
    }

    /// A server purges expired records late, and at different times on each node.
    private static func expired(_ subject: Case) async throws {
        var outcomes: [Outcome] = []
        for isPurged in [false, true] {
            let (plugin, parameters) = try await subject.request()
            _ = try await subject.outcome(plugin, parameters, "the request")
            plugin.host.clock.advance(by: .seconds(86400 * 365 * 10))
            if isPurged { try await plugin.host.store.purge() }
            outcomes.append(try await subject.outcome(plugin, parameters, "a request ten years later"))
        }
        try expect(
            outcomes[0] == outcomes[1],
            "long after all it wrote has expired, a request is \(outcomes[0]) before a purge and \(outcomes[1]) "
                + "after it: read the record, and if its expiresAt is over, replace it instead of creating it")
    }

    // MARK: failures

    private static func storeFails(_ subject: Case) async throws {
        let (counted, same) = try await subject.request()
        let before = counted.host.store.calls
        guard case .granted = try await subject.outcome(counted, same, "the request") else { return }
        for skipped in 0..<(counted.host.store.calls - before) {
            let (plugin, parameters) = try await subject.request()
            plugin.host.store.fail(after: skipped, count: 1)
            try await FailingStore.expectError("its call \(skipped + 1) of the store failed") {
                _ = try await subject.token(plugin, parameters)
            }
            let next = try await subject.outcome(plugin, parameters, "a request after the store failed")
            let isSpent = next == .refused(.invalidGrant(reason: ""))
            try expect(!isSpent, "after the store failed, the same request is \(next)")
        }
    }

    private static func cancelled(_ subject: Case) async throws {
        let (plugin, parameters) = try await subject.request()
        let wasGranted = await CancelledTask.result { try await subject.token(plugin, parameters) } != nil
        let next = try await subject.outcome(plugin, parameters, "a request after a cancelled one")
        guard case .refused = next, !wasGranted else { return }
        throw ConformanceFailure("after a cancelled request, which granted nothing, the same request is \(next)")
    }
}
