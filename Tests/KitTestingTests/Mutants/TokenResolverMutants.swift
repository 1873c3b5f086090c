// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of resolvers of tokens that an extension adds, and one without a fault.
enum TokenResolverMutants {
    private static let expires = "an old token ends without an error, before and after a purge"

    private static func plugin(
        key: @escaping @Sendable (any PluginHost, String) -> String = { host, value in host.cryptography.digest(value)
        },
        isOwn: @escaping @Sendable (String) -> Bool = { $0.utf8.starts(with: "tk_".utf8) && $0.utf8.count == 46 },
        resolve: (@Sendable (String, any PluginHost) async throws -> ResolvedToken?)? = nil
    ) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            registry.add(
                extension: ClosureExtension { issuance in
                    let value = "tk_" + host.random(bytes: 32)
                    let key = StoreKey("part", key(host, value))
                    issuance.alsoWrite(.create(StoreRecord(key, [:], expiresAt: host.now + .seconds(3600))))
                    try issuance.add("ticket", .string(value))
                })
            registry.add(
                resolver: ClosureResolver { value in
                    if let resolve { return try await resolve(value, host) }
                    guard isOwn(value), let record = try await host.store.read(StoreKey("part", key(host, value)))
                    else {
                        return nil
                    }
                    return token(until: record.expiresAt)
                })
        }
    }

    private static func token(until end: Timestamp) -> ResolvedToken {
        ResolvedToken(
            kind: .refresh, id: "token-1", clientID: "client-1", issuedAt: Timestamp(seconds: 1_800_000_000),
            expiresAt: end,
            authorization: Authorization(subject: .client("client-1"), limits: AccessLimits(scope: ["read"])))
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a resolver", plugin()),
        (
            "a resolver whose token the test makes",
            plugin().presenting { plugin in
                let value = "tk_" + plugin.host.lent.random(bytes: 32)
                let key = StoreKey("part", plugin.host.lent.cryptography.digest(value))
                _ = try await plugin.host.records.write([
                    .create(StoreRecord(key, [:], expiresAt: plugin.host.clock.now + .seconds(60)))
                ])
                return value
            }
        ),
    ]

    static let all: [Mutant] = [
        Mutant(
            "it looks every value up",
            breaks: "a value that it did not issue is nil, without a look at the store",
            says: "is looked up in the store",
            plugin(isOwn: { _ in true })),
        Mutant(
            "it throws for foreign values",
            breaks: "a value that it did not issue is nil, without a look at the store", says: "return nil",
            plugin(resolve: { _, _ in throw Faults.OwnError() })),
        Mutant(
            "it compares only the beginning", breaks: "a changed token does not resolve", says: "compare all of it",
            plugin(
                key: { host, value in host.cryptography.digest(String(value.prefix(30))) },
                isOwn: { $0.utf8.starts(with: "tk_".utf8) && $0.utf8.count > 30 })),
        Mutant(
            "it knows every token of its form", breaks: "a token of another server does not resolve",
            says: "authenticate tokens with host.keys",
            plugin(resolve: { value, host in
                value.utf8.starts(with: "tk_".utf8) ? token(until: host.now + .seconds(60)) : nil
            })),
        Mutant(
            "its tokens are always good", breaks: expires, says: "return when it expires",
            plugin(resolve: { value, host in
                let record = try await host.store.read(StoreKey("part", host.cryptography.digest(value)))
                return record.map { _ in token(until: host.now + .seconds(60)) }
            })),
        Mutant(
            "it throws for an expired token", breaks: expires, says: "return nil for what is no token",
            plugin(resolve: { value, host in
                let record = try await host.store.read(StoreKey("part", host.cryptography.digest(value)))
                guard let record else { return nil }
                guard record.expiresAt > host.now else { throw Faults.OwnError() }
                return token(until: record.expiresAt)
            })),
        Mutant(
            "it takes a failing store for an unknown token",
            breaks: "if the store fails, that is an error and not an unknown token", says: "a good token is unknown",
            plugin(resolve: { value, host in
                let found = try? await host.store.read(StoreKey("part", host.cryptography.digest(value)))
                return found.map { token(until: $0.expiresAt) }
            })),
    ]
}
