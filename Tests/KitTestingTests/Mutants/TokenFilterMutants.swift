// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of filters of token requests, and filters without one.
enum TokenFilterMutants {
    private static let admits = "it admits the request that it is meant for"
    private static let narrows = "it only narrows limits, whatever they are"
    private static let strange = "it answers strange addresses, headers and parameters, and does not repeat them"
    private static let noAddress = "what is no address is not let in where addresses are refused"
    private static let storeFails = "if the store fails, it admits nothing"
    private static let networkFails = "if another server fails, it admits nothing, and says so with an OAuth error"

    typealias Admit = @Sendable (TokenRequest, any PluginHost) async throws -> Void

    private static func plugin(
        _ parameters: [ParameterDeclaration] = [], admit: @escaping Admit = { _, _ in }
    ) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            registry.add(
                tokenFilter: ClosureTokenFilter(parameters: parameters, admitting: { try await admit($0, host) }))
        }
    }

    private static func narrowing(
        _ narrow: @escaping @Sendable (inout AccessLimits) async throws -> Void
    ) -> PluginUnderTest {
        ClosureParts.underTest { registry, _ in registry.add(tokenFilter: ClosureTokenFilter(narrowing: narrow)) }
    }

    // MARK: without a fault

    /// Admits three requests of a client in a minute.
    private static let counting: Admit = { request, host in
        let key = StoreKey("part", host.cryptography.digest(request.client.id))
        guard try await host.store.increment(key, expiresAt: host.now + .seconds(60)) <= 3 else {
            throw OAuthError.tooManyRequests(retryAfter: .seconds(60))
        }
    }

    private static let network: Admit = { request, _ in
        let parts = request.head.address.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, parts.dropLast().map({ String(Substring($0)) }).joined(separator: ".") == "192.0.2",
            let last = parts.last, UInt8(String(Substring(last))) != nil
        else { throw OAuthError(.unauthorizedClient, "not from this network") }
    }

    private static let asking: Admit = { request, host in
        do {
            let reply = try await host.outbound.send(OutboundRequest("POST", "https://policy.example.com/"))
            let answer = try? JSON(parsing: reply.body)
            guard reply.status == 200, answer?["allow"] == true else {
                throw OAuthError(.accessDenied, "the policy does not allow it")
            }
        } catch is OutboundError {
            throw OAuthError(.temporarilyUnavailable, "the policy cannot be asked")
        }
    }

    private static func allowing(_ plugin: PluginUnderTest) -> PluginUnderTest {
        plugin.on { host in
            host.network.respond { _ in OutboundReply(status: 200, body: Array("{\"allow\":true}".utf8)) }
        }
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a filter that counts", plugin(admit: counting)), ("a filter by network", plugin(admit: network)),
        ("a filter that asks another server", allowing(plugin(admit: asking))),
        (
            "a filter that narrows",
            narrowing { limits in
                limits.keep { $0 != "write" }
                limits.forbidRefresh()
                limits.end(by: Timestamp(seconds: 1_900_000_000))
            }
        ),
        (
            "a filter whose request the test makes",
            plugin([ParameterDeclaration("proof", required: true)]) { request, _ in
                guard request.parameters["proof"] == "p-1" else { throw OAuthError(.invalidRequest, "no proof") }
            }.admitting { _ in
                .test(
                    GrantDeclaration("client_credentials", client: .confidential),
                    from: .test(id: "client-1", grants: ["client_credentials"], scope: ["read"]), ["proof": "p-1"],
                    head: RequestHead(method: "POST", path: "/auth/token", address: "192.0.2.7"))
            }
        ),
    ]

    // MARK: faults

    static let all: [Mutant] = [
        Mutant(
            "its parameter has a space", breaks: "its parameters are words", says: "'my proof' is not a word",
            plugin([ParameterDeclaration("my proof")])),
        Mutant(
            "it refuses everything", breaks: admits, says: "refused with access_denied",
            plugin { _, _ in throw OAuthError(.accessDenied, "no") }),
        Mutant(
            "it throws an error of its own", breaks: admits, says: "throw an OAuthError",
            plugin { _, _ in throw Faults.OwnError() }),
        Mutant(
            "it reads a parameter that it does not declare", breaks: admits, says: "reads the parameter 'proof'",
            plugin { request, _ in _ = request.parameters["proof"] }),
        Mutant(
            "it fails for other grants", breaks: "it takes requests for every grant", says: "throw an OAuthError",
            plugin { request, _ in
                guard request.grant.wire == "client_credentials" else { throw Faults.OwnError() }
            }),
        Mutant(
            "it sets limits of its own", breaks: narrows, says: "it must only narrow the limits",
            narrowing { $0 = AccessLimits(scope: ["read"]) }),
        Mutant(
            "it adds scope", breaks: narrows, says: "allows more than it was given",
            narrowing { $0 = AccessLimits(scope: Scope($0.scope.words + ["admin"]), audience: $0.audience) }),
        Mutant(
            "it forgets the end", breaks: narrows, says: "allows more than it was given",
            narrowing { $0 = AccessLimits(scope: $0.scope, audience: $0.audience, mayRefresh: $0.mayRefresh) }),
        Mutant(
            "it forgets the audience", breaks: narrows, says: "allows more than it was given",
            narrowing { $0 = AccessLimits(scope: $0.scope, notAfter: $0.notAfter, mayRefresh: $0.mayRefresh) }),
        Mutant(
            "it permits refresh tokens again", breaks: narrows, says: "allows more than it was given",
            narrowing { $0 = AccessLimits(scope: $0.scope, audience: $0.audience, notAfter: $0.notAfter) }),
        Mutant(
            "it counts in narrow", breaks: "asked again after a conflict, it leaves the same limits",
            says: "count requests in admit",
            ClosureParts.underTest { registry, _ in
                let tally = Faults.Tally()
                registry.add(
                    tokenFilter: ClosureTokenFilter(narrowing: { limits in
                        if tally.next() > 2 { limits.keep { _ in false } }
                    }))
            }),
        Mutant(
            "it repeats the address", breaks: strange, says: "repeats what was sent",
            plugin { request, _ in
                guard request.head.address == "192.0.2.7" else {
                    throw OAuthError(.accessDenied, "not from \(request.head.address)")
                }
            }),
        Mutant(
            "strange headers make it fail", breaks: strange, says: "a strange header causes",
            plugin { request, _ in
                guard request.head[header: "user-agent"] == nil else { throw Faults.OwnError() }
            }),
        Mutant(
            "strange parameters make it fail", breaks: strange, says: "a strange 'proof' causes",
            plugin([ParameterDeclaration("proof")]) { request, _ in
                guard request.parameters["proof"] == nil else { throw Faults.OwnError() }
            }),
        Mutant(
            "it compares the beginning of an address", breaks: noAddress, says: "parse all of it",
            plugin { request, _ in
                guard request.head.address.utf8.starts(with: "192.0.2.".utf8) else {
                    throw OAuthError(.accessDenied, "not from this network")
                }
            }),
        Mutant(
            "it lets in what it cannot parse", breaks: noAddress, says: "refuse what is no address",
            plugin { request, _ in
                let parts = request.head.address.utf8.split(separator: UInt8(ascii: "."))
                    .compactMap { UInt8(String(Substring($0))) }
                let isAddress = parts.count == 4 || request.head.address.utf8.contains(UInt8(ascii: ":"))
                guard !isAddress || parts.starts(with: [192, 0, 2]) else {
                    throw OAuthError(.accessDenied, "not from this network")
                }
            }),
        Mutant(
            "it believes a header", breaks: "it believes no address that a client writes into a header",
            says: "use request.head.address",
            plugin { request, _ in
                let address = request.head[header: "x-forwarded-for"] ?? request.head.address
                guard address == "192.0.2.7" else { throw OAuthError(.accessDenied, "not from this network") }
            }),
        Mutant(
            "it counts by a write that nothing guards",
            breaks: "a hundred requests at once get no more than one after another", says: "host.store.increment",
            plugin { _, host in
                let key = StoreKey("part", "count")
                let used = try await host.store.read(key)?.value["used"]?.integer ?? 0
                guard used < 3 else { throw OAuthError.tooManyRequests(retryAfter: .seconds(60)) }
                _ = try await host.store.write([.delete(key)])
                _ = try await host.store.write([
                    .create(Faults.record("count", host, ["used": .integer(used + 1)]))
                ])
            }),
        Mutant(
            "it counts what has expired", breaks: "it decides the same whether or not expired records are purged",
            says: "compare a record's expiresAt",
            plugin { _, host in
                guard try await host.store.read(StoreKey("part", "seen")) == nil else {
                    throw OAuthError.tooManyRequests(retryAfter: .seconds(60))
                }
                _ = try await host.store.write([.create(Faults.record("seen", host))])
            }),
        Mutant(
            "it admits what it cannot count", breaks: storeFails, says: "let the StoreError through",
            plugin { request, host in
                do { try await counting(request, host) } catch is StoreError {}
            }),
        Mutant(
            "it hides a failing store", breaks: storeFails, says: "is reported as",
            plugin { request, host in
                do { try await counting(request, host) } catch is StoreError { throw Faults.OwnError() }
            }),
        Mutant(
            "it admits what it cannot ask about", breaks: networkFails, says: "is admitted: refuse it",
            allowing(
                plugin { request, host in
                    _ = try? await host.outbound.send(OutboundRequest("POST", "https://policy.example.com/"))
                })),
        Mutant(
            "it throws the error of the network", breaks: networkFails, says: "throw an OAuthError",
            allowing(
                plugin { request, host in
                    let reply = try await host.outbound.send(OutboundRequest("POST", "https://policy.example.com/"))
                    guard reply.status == 200 else { throw OAuthError(.accessDenied, "no") }
                })),
    ]
}
