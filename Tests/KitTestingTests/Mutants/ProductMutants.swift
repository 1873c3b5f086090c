// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of products, and one without a fault.
enum ProductMutants {
    private static let names = "its types are words, and its tokens live for a time"
    private static let everyAudience = "it makes a token or refuses, for every subject and audience"

    private struct ClosureProduct: TokenProduct {
        var types = ["urn:example:voucher"]
        var longestLife = Duration.seconds(60)
        let making: @Sendable (TokenContents) async throws -> MintedToken

        func make(_ contents: TokenContents) async throws -> MintedToken { try await making(contents) }
    }

    private static func plugin(
        types: [String] = ["urn:example:voucher"], life: Duration = .seconds(60),
        _ make: @escaping @Sendable (TokenContents, any PluginHost) async throws -> MintedToken = sign
    ) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            registry.add(product: ClosureProduct(types: types, longestLife: life) { try await make($0, host) })
            registry.add(resolver: ClosureResolver { $0 == "access" ? token(until: host.now + .seconds(60)) : nil })
        }
        .presenting { _ in "access" }
    }

    @Sendable
    private static func sign(_ contents: TokenContents, _ host: any PluginHost) async throws -> MintedToken {
        guard contents.authorization.limits.audience == ["https://a.example.com"] else {
            throw OAuthError(.invalidTarget, "it is for one server")
        }
        let claims: JSON = ["iss": .string(host.issuer), "jti": .string(contents.id)]
        return MintedToken(try await host.keys.sign(claims, type: "voucher+jwt", algorithm: nil))
    }

    private static func token(until end: Timestamp) -> ResolvedToken {
        ResolvedToken(
            kind: .access, id: "token-1", clientID: "client-1", issuedAt: Timestamp(seconds: 1_800_000_000),
            expiresAt: end,
            authorization: Authorization(subject: .client("client-1"), limits: AccessLimits(scope: ["read"])))
    }

    /// A product beside nothing else, which keeps all rules.
    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        (
            "a product",
            ClosureParts.underTest { registry, host in
                registry.add(product: ClosureProduct { try await sign($0, host) })
            }
        )
    ]

    static let all: [Mutant] = [
        Mutant("it has no type", breaks: names, says: "name one", plugin(types: [])),
        Mutant("its type has a space", breaks: names, says: "is not a word", plugin(types: ["a voucher"])),
        Mutant("its tokens have no life", breaks: names, says: "set 'longestLife'", plugin(life: .zero)),
        Mutant(
            "it fails for an audience", breaks: everyAudience, says: "causes",
            plugin { _, _ in throw Faults.OwnError() }),
        Mutant(
            "it makes nothing", breaks: everyAudience, says: "an empty token", plugin { _, _ in MintedToken("") }),
        Mutant(
            "it hands an access token out", breaks: "a token of a product is no access token of this server",
            says: "resolves to an access token", plugin { _, _ in MintedToken("access") }),
        Mutant(
            "it writes", breaks: "it writes nothing to the store: what it changes is in the writes",
            says: "return the write in the token",
            plugin { contents, host in
                _ = try await host.store.write([.create(Faults.record(contents.id, host))])
                return try await sign(contents, host)
            }),
    ]
}
