// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for filters of authorization requests, which are checked together if a plugin has several.
enum RequestFilterRules {
    static let all: [Rule] = [
        Rule(.requestFilter, "the parameters that it reads are words", names),
        Rule(.requestFilter, "it lets the request through that it is meant for", allows),
        Rule(.requestFilter, "it narrows the limits, whatever they are", narrows),
        Rule(.requestFilter, "it weakens no requirement that another filter has set", keepsRequirements),
        Rule(.requestFilter, "what it attaches to a request is under the id of its plugin", attaches),
        Rule(.requestFilter, "it refuses strange values with an OAuth error, and does not repeat them", strange),
        Rule(.requestFilter, "it decides the same for the same request, however often it is asked", repeats),
        Rule(.requestFilter, "it only reads the store, since it runs before anyone signs in", writesNothing),
        Rule(.requestFilter, "if the store fails, it lets nothing through, and works again later", storeFails),
    ]

    // MARK: one request

    private static func names(_ subject: PluginUnderTest) async throws {
        for parameter in try subject.registry().requestFilters.flatMap({ $0.parameters }) {
            try Word.check(parameter.name, "parameter")
        }
    }

    /// A plugin with a request that its filters let through.
    private static func request(
        _ subject: PluginUnderTest
    ) async throws -> (plugin: TestPlugin, parameters: Parameters) {
        let plugin = try await subject.load()
        guard let flow = plugin.registry.flows.first else {
            let made = try await subject.authorized["code"]?.parameters(plugin)
            return (plugin, made ?? subject.examples(of: plugin))
        }
        return (plugin, try await subject.parameters(for: flow, of: plugin))
    }

    private static func sender(_ subject: PluginUnderTest, _ plugin: TestPlugin) -> Client? {
        subject.authorized[plugin.registry.flows.first?.word ?? "code"]?.client
    }

    private static func decide(
        _ what: String, _ send: () async throws -> InteractionPolicy
    ) async throws -> Result<InteractionPolicy, OAuthError> {
        try await Result(of: what, send).checked(what)
    }

    private static func allows(_ subject: PluginUnderTest) async throws {
        let (plugin, parameters) = try await request(subject)
        let result = try await decide("the request") {
            try await plugin.filter(parameters, from: sender(subject, plugin))
        }
        guard case .failure(let error) = result else { return }
        let word = plugin.registry.flows.first?.word ?? "code"
        throw ConformanceFailure(
            "the request with \(parameters.all.map(\.name)) is \(error.sentence): give a request that it lets through "
                + "with authorizing(\"\(word)\") or as the examples of its parameters")
    }

    private static func narrows(_ subject: PluginUnderTest) async throws {
        let (plugin, parameters) = try await request(subject)
        let soon = plugin.host.clock.now + .seconds(1)
        let limits = [
            AccessLimits(scope: []), AccessLimits(scope: ["read"], mayRefresh: false),
            AccessLimits(scope: ["read"], notAfter: soon),
            AccessLimits(scope: ["read"], audience: ["https://a.example"]),
        ]
        for given in limits {
            _ = try await decide("a request with the limits \(given)") {
                try await plugin.filter(
                    parameters, from: sender(subject, plugin), policy: InteractionPolicy(limits: given))
            }
        }
    }

    /// The requirements of another filter, none of which may become weaker.
    private static var strict: InteractionPolicy {
        var policy = InteractionPolicy(limits: AccessLimits(scope: ["read"]))
        policy.prompts = [.login, .consent]
        policy.maxAge = .seconds(7)
        policy.essentialACR = ["urn:example:strong"]
        policy.subject = .user("user-1")
        policy.attachments = ["another-plugin": ["kept": true]]
        policy.consent.askEachTime()
        return policy
    }

    private static func keepsRequirements(_ subject: PluginUnderTest) async throws {
        let (plugin, parameters) = try await request(subject)
        let before = strict
        let filtered = try await decide("a request with requirements of another filter") {
            try await plugin.filter(parameters, from: sender(subject, plugin), policy: before)
        }
        guard case .success(let after) = filtered else { return }
        let classes = after.essentialACR
        let checks: [(String, Bool)] = [
            ("prompts", after.prompts.isSuperset(of: before.prompts)),
            ("maxAge", after.maxAge.map { $0 <= .seconds(7) } ?? false),
            ("essentialACR", !classes.isEmpty && classes.allSatisfy { before.essentialACR.contains($0) }),
            ("subject", after.subject == before.subject),
            ("attachments", after.attachments["another-plugin"] == before.attachments["another-plugin"]),
        ]
        for (name, isKept) in checks {
            try expect(
                isKept,
                "another filter has set '\(name)' of the policy, and this one weakens it: add to what is there, or "
                    + "take the stricter one")
        }
    }

    private static func attaches(_ subject: PluginUnderTest) async throws {
        let (plugin, parameters) = try await request(subject)
        let filtered = try await decide("the request") {
            try await plugin.filter(parameters, from: sender(subject, plugin))
        }
        guard case .success(let policy) = filtered else { return }
        let others = policy.attachments.keys.filter { $0 != plugin.manifest.id }.sorted()
        try expect(
            others.isEmpty,
            "it attaches values under \(others), which may belong to another plugin: use '\(plugin.manifest.id)'")
    }

    private static func strange(_ subject: PluginUnderTest) async throws {
        let (plugin, good) = try await request(subject)
        let client = sender(subject, plugin)
        for parameter in plugin.registry.requestFilters.flatMap({ $0.parameters }) {
            for text in HostileText.all where text.utf8.count <= parameter.longest {
                _ = try await decide("a strange '\(parameter.name)'") {
                    try await plugin.filter(good.replacing(parameter.name, with: text), from: client)
                }
            }
        }
        for text in HostileText.all + ["", "::1", "::ffff:192.0.2.7"] {
            let headers = ["user-agent", "accept-language", "x-forwarded-for", "cookie"].map { (name: $0, value: text) }
            let head = RequestHead(
                method: "GET", path: "/auth/authorize", query: text, headers: headers, address: text)
            _ = try await decide("a request with strange headers and a strange address") {
                try await plugin.filter(good, from: client, head: head)
            }
        }
    }

    // MARK: many requests

    private static func repeats(_ subject: PluginUnderTest) async throws {
        let (plugin, parameters) = try await request(subject)
        let client = sender(subject, plugin)
        let first = describe(try await decide("the request") { try await plugin.filter(parameters, from: client) })
        for number in 2...100 {
            let next = describe(try await decide("the request") { try await plugin.filter(parameters, from: client) })
            try expect(
                next == first,
                "the same request is \(first) at first, and \(next) when it is asked for the \(number)th time: it is "
                    + "asked again for each page, so it must not count requests")
        }
    }

    private static func describe(_ result: Result<InteractionPolicy, OAuthError>) -> String {
        switch result {
        case .failure(let error): return error.sentence
        case .success(let policy):
            let attached = policy.attachments.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text)" }
            let limits = policy.limits
            let parts = [
                "the scope '\(limits.scope)'", "the audience \(limits.audience)", "the end \(limits.notAfter as Any)",
                "refresh tokens \(limits.mayRefresh)", "prompts \(policy.prompts.map(\.rawValue).sorted())",
                "the age \(policy.maxAge as Any)", "the classes \(policy.essentialACR)", "attached \(attached)",
                "the user \(policy.subject as Any)", "\(policy.consent.warnings.map(\.text))",
            ]
            return "let through with " + parts.joined(separator: ", ")
        }
    }

    private static func writesNothing(_ subject: PluginUnderTest) async throws {
        let (plugin, parameters) = try await request(subject)
        let before = plugin.host.store.written.count
        _ = try await decide("the request") { try await plugin.filter(parameters, from: sender(subject, plugin)) }
        let own = plugin.host.store.written.dropFirst(before)
        try expect(
            own.isEmpty,
            "it wrote to '\(own.first?.key?.collection ?? "")' for a request that anybody can send, and again for each "
                + "page: decide without a write, and attach what you need to the policy")
    }

    // MARK: failures

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        let (counted, same) = try await request(subject)
        let before = counted.host.store.calls
        let good = try await decide("the request") { try await counted.filter(same, from: sender(subject, counted)) }
        for skipped in 0..<(counted.host.store.calls - before) {
            let (plugin, parameters) = try await request(subject)
            plugin.host.store.fail(after: skipped, count: 1)
            let what = "a request whose call \(skipped + 1) of the store fails,"
            let failed = try await decide(what) { () async throws -> InteractionPolicy in
                do {
                    return try await plugin.filter(parameters, from: sender(subject, plugin))
                } catch is StoreError {
                    throw OAuthError(.temporarilyUnavailable)
                }
            }
            guard case .failure = failed else {
                throw ConformanceFailure("\(what) is let through: let the StoreError through")
            }
            let next = try await decide("the next request") {
                try await plugin.filter(parameters, from: sender(subject, plugin))
            }
            try expect(
                describe(next) == describe(good), "after the store failed, the same request is \(describe(next))")
        }
    }
}
