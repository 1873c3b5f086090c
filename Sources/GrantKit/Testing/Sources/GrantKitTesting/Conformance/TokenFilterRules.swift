// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for filters of token requests.
enum TokenFilterRules {
    static let all: [Rule] = [
        Rule(.tokenFilter, "its parameters are words", names),
        Rule(.tokenFilter, "it admits the request that it is meant for", admits),
        Rule(.tokenFilter, "it takes requests for every grant", everyGrant),
        Rule(.tokenFilter, "it only narrows limits, whatever they are", narrows),
        Rule(.tokenFilter, "asked again after a conflict, it leaves the same limits", again),
        Rule(.tokenFilter, "it answers strange addresses, headers and parameters, and does not repeat them", strange),
        Rule(.tokenFilter, "what is no address is not let in where addresses are refused", noAddress),
        Rule(.tokenFilter, "it believes no address that a client writes into a header", forwarded),
        Rule(.tokenFilter, "a hundred requests at once get no more than one after another", atOnce),
        Rule(.tokenFilter, "it decides the same whether or not expired records are purged", expired),
        Rule(.tokenFilter, "if the store fails, it admits nothing", storeFails),
        Rule(.tokenFilter, "if another server fails, it admits nothing, and says so with an OAuth error", networkFails),
    ]

    /// Sends a request through the filters.
    ///
    /// - Returns: The limits that they leave.
    private static func pass(
        _ request: TokenRequest, _ plugin: TestPlugin, limits: AccessLimits? = nil
    ) async throws -> AccessLimits {
        let limits = limits ?? request.allowed
        var authorization = Authorization(subject: .client(request.client.id), limits: limits)
        authorization = authorization.asIssued(under: request.grant.key)
        try await plugin.admit(request)
        return try await plugin.narrow(limits, of: authorization, for: request)
    }

    private static func outcome(
        _ what: String, _ request: TokenRequest, _ plugin: TestPlugin
    ) async throws -> Outcome {
        try await Outcome(what) {
            _ = try await pass(request, plugin)
            return .client(request.client.id)
        }
    }

    /// How a request ends that a plugin of its own gets, after a change.
    private static func outcome(
        _ what: String, of subject: PluginUnderTest, _ change: (inout TokenRequest) -> Void
    ) async throws -> Outcome {
        let plugin = try await subject.load()
        var request = try await subject.admittedRequest(of: plugin)
        change(&request)
        return try await outcome(what, request, plugin)
    }

    private static func names(_ subject: PluginUnderTest) async throws {
        for parameter in try subject.registry().tokenFilters.flatMap({ $0.parameters }) {
            try Word.check(parameter.name, "parameter")
        }
    }

    // MARK: one request

    private static func admits(_ subject: PluginUnderTest) async throws {
        let outcome = try await outcome("the request", of: subject) { _ in }
        guard case .granted = outcome else {
            throw ConformanceFailure("the request is \(outcome): give one that the filter admits with admitting")
        }
    }

    private static func everyGrant(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let sample = try await SampleGrant(plugin)
        let good = try await subject.admittedRequest(of: plugin)
        for wire in sample.wires {
            let clients = [good.client, try await sample.client(), try await sample.client("client-2", isPublic: true)]
            for client in clients {
                let request = sample.request(wire, from: client, good.parameters, head: good.head)
                _ = try await outcome("a request for '\(wire)'", request, plugin)
            }
        }
    }

    private static func narrows(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let request = try await subject.admittedRequest(of: plugin)
        let now = plugin.host.clock.now
        let scope = request.client.scope
        let all = [
            AccessLimits(scope: scope), AccessLimits(scope: []), AccessLimits(scope: Scope(scope.words.prefix(1))),
            AccessLimits(scope: scope, audience: ["https://a.example"]),
            AccessLimits(scope: scope, audience: ["https://a.example", "https://b.example"], mayRefresh: false),
            AccessLimits(scope: scope, notAfter: now + .seconds(1)),
            AccessLimits(scope: scope, notAfter: now + .seconds(86400 * 3650), mayRefresh: false),
        ]
        for limits in all {
            var authorization = Authorization(subject: .client(request.client.id), limits: limits)
            authorization = authorization.asIssued(under: request.grant.key)
            let granted = authorization
            _ = try await Outcome("narrowing \(limits)") {
                _ = try await plugin.narrow(limits, of: granted, for: request)
                return granted.subject
            }
        }
    }

    private static func again(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let request = try await subject.admittedRequest(of: plugin)
        guard case .granted = try await outcome("the request", of: subject, { _ in }) else { return }
        let first = try await pass(request, plugin)
        let authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
            .asIssued(under: request.grant.key)
        for number in 2...4 {
            var next: AccessLimits?
            let outcome = try await Outcome("call \(number) of narrow for one request") {
                next = try await plugin.narrow(request.allowed, of: authorization, for: request)
                return authorization.subject
            }
            try expect(
                next == first,
                "call \(number) of narrow for one request leaves other limits than the first (\(outcome)): count "
                    + "requests in admit, which is called once")
        }
    }

    // MARK: strange requests

    private static func strange(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let good = try await subject.admittedRequest(of: plugin)
        for text in HostileText.all + ["", "::1", "::ffff:192.0.2.7", "fe80::1%eth0", "[::1]:443", "192.0.2.7:80"] {
            var request = good
            request.head.address = text
            try await check("a strange address", request, plugin)
            request = good
            request.head.headers = headers(with: text)
            request.head.path = text
            request.head.query = text
            try await check("a strange header", request, plugin)
            for parameter in plugin.registry.tokenFilters.flatMap({ $0.parameters })
            where text.utf8.count <= parameter.longest {
                request = good
                request.parameters = good.parameters.replacing(parameter.name, with: text)
                try await check("a strange '\(parameter.name)'", request, plugin)
            }
        }
    }

    private static func check(_ what: String, _ request: TokenRequest, _ plugin: TestPlugin) async throws {
        try await Harmless.check(what) { _ = try await pass(request, plugin) }
    }

    private static func headers(with text: String) -> [(name: String, value: String)] {
        let names = [
            "authorization", "cookie", "dpop", "user-agent", "accept-language", "origin", "referer", "host",
            "content-type",
        ]
        return (names + forwarding).map { (name: $0, value: text) }
    }

    private static let forwarding = [
        "x-forwarded-for", "forwarded", "x-real-ip", "client-ip", "true-client-ip", "cf-connecting-ip",
        "x-client-ip", "x-cluster-client-ip",
    ]

    /// Addresses that a policy may refuse.
    private static let others = ["198.51.100.23", "203.0.113.9", "10.1.2.3", "2001:db8::7"]

    private static func isGranted(
        _ what: String, _ subject: PluginUnderTest, from address: String
    ) async throws -> Bool {
        if case .granted = try await outcome(what, of: subject, { $0.head.address = address }) { return true }
        return false
    }

    private static func noAddress(_ subject: PluginUnderTest) async throws {
        for address in others where try await isGranted("a request from \(address)", subject, from: address) { return }
        let good = try await subject.admittedRequest(of: try await subject.load()).head.address
        let wrong = [
            "", "unknown", "999.0.2.7", "192.0.2", "::zz", "\u{0}", good + ".evil.example", good + "9999",
            good + ", 198.51.100.23", " ", "%",
        ]
        for address in wrong {
            let isIn = try await isGranted("a request from '\(address)'", subject, from: address)
            try expect(
                !isIn,
                "it refuses other addresses, but lets in '\(address)': refuse what is no address, and parse all of it")
        }
    }

    private static func forwarded(_ subject: PluginUnderTest) async throws {
        let good = try await subject.admittedRequest(of: try await subject.load()).head.address
        for address in others where try await !isGranted("a request from \(address)", subject, from: address) {
            let outcome = try await outcome("a request with forwarding headers", of: subject) { request in
                request.head.address = address
                request.head.headers += forwarding.map { name in
                    (name: name, value: name == "forwarded" ? "for=\(good)" : good)
                }
            }
            guard case .granted = outcome else { continue }
            throw ConformanceFailure(
                "a request from \(address) is let in because a header names another address: use request.head.address, "
                    + "which the server has checked")
        }
    }

    // MARK: many requests

    private static func atOnce(_ subject: PluginUnderTest) async throws {
        let first = try await subject.load()
        let request = try await subject.admittedRequest(of: first)
        var allowed = 0
        for _ in 0..<Many.count {
            // A limit may be one for each second.
            if case .granted = try await outcome("a repeated request", request, first) { allowed += 1 }
        }
        let plugin = try await subject.load()
        let same = try await subject.admittedRequest(of: plugin)
        let outcomes = try await Many.atOnce { _ in try await outcome("one of many requests at once", same, plugin) }
        let granted = outcomes.filter { if case .granted = $0 { true } else { false } }.count
        try expect(
            granted <= allowed,
            "one after another, \(allowed) requests are admitted, but \(granted) at once: count with "
                + "host.store.increment, or under a lock")
        try expect(granted > 0 || allowed == 0, "of \(Many.count) requests at once, none is admitted")
    }

    private static func expired(_ subject: PluginUnderTest) async throws {
        var outcomes: [Outcome] = []
        for isPurged in [false, true] {
            let plugin = try await subject.load()
            let request = try await subject.admittedRequest(of: plugin)
            _ = try await outcome("the request", request, plugin)
            plugin.host.clock.advance(by: .seconds(86400 * 3650))
            if isPurged { try await plugin.host.store.purge() }
            outcomes.append(try await outcome("a request ten years later", request, plugin))
        }
        try expect(
            outcomes[0] == outcomes[1],
            "long after all it wrote has expired, a request is \(outcomes[0]) before a purge and \(outcomes[1]) "
                + "after it: compare a record's expiresAt with host.now")
    }

    // MARK: failures

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        try await FailingStore.during("a token request") {
            let plugin = try await subject.load()
            let request = try await subject.admittedRequest(of: plugin)
            return Trial(plugin: plugin) { _ = try await pass(request, plugin) }
        }
    }

    private static func networkFails(_ subject: PluginUnderTest) async throws {
        let asked = try await subject.load()
        _ = try await outcome("the request", try await subject.admittedRequest(of: asked), asked)
        guard !asked.host.network.sent.isEmpty else { return }
        for failure in NetworkFailure.all {
            let plugin = try await subject.load()
            plugin.host.network.respond(failure.answer)
            let request = try await subject.admittedRequest(of: plugin)
            let outcome = try await outcome("a request, while \(failure.what),", request, plugin)
            guard case .granted = outcome else { continue }
            throw ConformanceFailure(
                "while \(failure.what), the request is admitted: refuse it with OAuthError(.temporarilyUnavailable)")
        }
    }
}
