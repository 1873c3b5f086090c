// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for resolvers of tokens that are not access tokens.
enum TokenResolverRules {
    static let all: [Rule] = [
        Rule(.tokenResolver, "a value that it did not issue is nil, without a look at the store", foreign),
        Rule(.tokenResolver, "a changed token does not resolve", changed),
        Rule(.tokenResolver, "a token of another server does not resolve", otherServer),
        Rule(.tokenResolver, "an old token ends without an error, before and after a purge", expires),
        Rule(.tokenResolver, "if the store fails, that is an error and not an unknown token", storeFails),
    ]

    /// The resolvers that are not formats.
    private static func resolvers(of plugin: TestPlugin) -> [any TokenResolver] {
        plugin.registry.resolvers.filter { !($0 is any TokenFormat) }
    }

    private static func resolve(_ value: String, _ plugin: TestPlugin, _ what: String) async throws -> ResolvedToken? {
        for resolver in resolvers(of: plugin) {
            do {
                if let token = try await resolver.resolve(value) { return token }
            } catch {
                throw ConformanceFailure("\(what) causes \(error): return nil for what is no token")
            }
        }
        return nil
    }

    private static func foreign(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let values = [
            "", "x", "a.b.c", "a.b.c.d", "....", "é", "\u{0}", String(repeating: "A", count: 20_000),
            "eyJhbGciOiJub25lIn0.e30.",
        ]
        for value in values + HostileText.all {
            let before = plugin.host.store.calls
            let what = "the value '\(value.prefix(40))', which is no token,"
            try expect(try await resolve(value, plugin, what) == nil, "\(what) resolves")
            try expect(
                plugin.host.store.calls == before,
                "\(what) is looked up in the store: check its length and its first characters before that")
        }
    }

    private static func changed(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        guard let value = try await subject.knownToken(of: plugin) else { return }
        try expect(try await resolve(value, plugin, "a token") != nil, "the token '\(value)' does not resolve")
        for other in TokenFormatRules.changes(of: value) where other != value {
            let token = try await resolve(other, plugin, "a changed token")
            try expect(
                token == nil, "a token that was changed to '\(other.prefix(20))…' still resolves: compare all of it")
        }
    }

    private static func otherServer(_ subject: PluginUnderTest) async throws {
        guard let value = try await subject.knownToken(of: try await subject.load(seed: 2)) else { return }
        let token = try await resolve(value, try await subject.load(), "a token of another server")
        try expect(
            token == nil,
            "a token of another server, with other keys and another store, resolves: authenticate tokens with "
                + "host.keys, or keep them in host.store")
    }

    private static func expires(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        guard let value = try await subject.knownToken(of: plugin) else { return }
        plugin.host.clock.advance(by: .seconds(86400 * 3650))
        for when in ["before a purge", "after a purge"] {
            let token = try await resolve(value, plugin, "a token that is ten years old, \(when),")
            let isLive = token.map { $0.expiresAt > plugin.host.clock.now } ?? false
            try expect(!isLive, "a token is good for more than ten years (\(when)): return when it expires")
            try await plugin.host.store.purge()
        }
    }

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        try await FailingStore.during("resolving a token") {
            let plugin = try await subject.load()
            let value = try await subject.knownToken(of: plugin)
            return Trial(plugin: plugin) {
                guard let value else { return }
                for resolver in resolvers(of: plugin) where try await resolver.resolve(value) != nil {
                    return
                }
                throw ConformanceFailure("while the store fails, a good token is unknown: let the StoreError through")
            }
        }
    }
}
