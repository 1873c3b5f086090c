// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for products.
enum ProductRules {
    static let all: [Rule] = [
        Rule(.product, "its types are words, and its tokens live for a time", forEach(names)),
        Rule(.product, "it makes a token or refuses, for every subject and audience", forEach(everyAudience)),
        Rule(.product, "a token of a product is no access token of this server", forEach(isNoAccess)),
        Rule(.product, "it writes nothing to the store: what it changes is in the writes", forEach(quiet)),
    ]

    private static let places = ["https://a.example.com", "https://id.example.com", "api"]

    /// A product of a plugin that each check makes for itself.
    private struct Case: Sendable {
        let subject: PluginUnderTest
        let place: Int

        func load() async throws -> (plugin: TestPlugin, product: any TokenProduct) {
            let plugin = try await subject.load()
            guard plugin.registry.products.indices.contains(place) else {
                throw ConformanceFailure("the plugin no longer adds a product when it is made again")
            }
            return (plugin, plugin.registry.products[place])
        }
    }

    private static func forEach(
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for place in try subject.registry().products.indices {
                try await check(Case(subject: subject, place: place))
            }
        }
    }

    private static func contents(
        _ audience: [String], _ subject: Subject, _ type: String, at now: Timestamp
    ) -> TokenContents {
        let limits = AccessLimits(scope: ["read"], audience: audience)
        var authorization = Authorization(subject: subject, limits: limits)
        authorization.issuedType = type
        return TokenContents(
            id: "id-1", client: .test(id: "client-1", grants: ["example"], scope: ["read"]),
            authorization: authorization.asIssued(under: "example"), issuedAt: now, expiresAt: now + .seconds(30))
    }

    /// The tokens that a product makes.
    private static func tokens(
        _ plugin: TestPlugin, _ product: any TokenProduct
    ) async throws -> [MintedToken] {
        var made: [MintedToken] = []
        let audiences = [[]] + places.map { [$0] } + [places] + HostileText.all.map { [$0] }
        for type in product.types {
            for subject in [Subject.user("ann"), .client("client-1")] {
                for audience in audiences {
                    let contents = contents(audience, subject, type, at: plugin.host.clock.now)
                    try await Harmless.check(
                        "asked for the audience \(audience.count == 1 ? "of one" : "of several"), it"
                    ) {
                        made.append(try await product.make(contents))
                    }
                }
            }
        }
        return made
    }

    private static func names(_ subject: Case) async throws {
        let (_, product) = try await subject.load()
        try expect(!product.types.isEmpty, "it has no type, so it is never asked: name one")
        for type in product.types { try Word.check(type, "token type") }
        try expect(product.longestLife > .zero, "its tokens have no time to be used: set 'longestLife'")
    }

    private static func everyAudience(_ subject: Case) async throws {
        let (plugin, product) = try await subject.load()
        for token in try await tokens(plugin, product) { try expect(!token.value.isEmpty, "it made an empty token") }
    }

    private static func isNoAccess(_ subject: Case) async throws {
        let (plugin, product) = try await subject.load()
        for token in try await tokens(plugin, product) {
            for resolver in plugin.registry.resolvers {
                let kind = try await resolver.resolve(token.value)?.kind
                try expect(kind != .access, "its token resolves to an access token of this server")
            }
        }
    }

    private static func quiet(_ subject: Case) async throws {
        let (plugin, product) = try await subject.load()
        let before = plugin.host.store.written.count
        _ = try await tokens(plugin, product)
        try expect(
            plugin.host.store.written.count == before,
            "it wrote to the store itself: return the write in the token, so that it is committed or not at all")
    }
}
