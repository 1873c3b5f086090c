// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of token formats, and formats without one.
enum TokenFormatMutants {
    private static let comesBack = "a token resolves to what it was made from"
    private static let strange = "strange subjects, claims and other values come back as they were"
    private static let reserved = "no claim replaces what the token says about itself"
    private static let foreign =
        "a value that is not a token of this format resolves to nil, without a look at the store"
    private static let expires = "a token resolves until it expires, and then not and without an error"
    private static let storeFails = "if the store fails, that is an error and not an unknown token"

    // MARK: formats

    /// What a stored format does, each part of which a fault replaces.
    struct Stored: Sendable {
        var name = "closure"
        var value: @Sendable (any PluginHost, TokenContents) -> String = { host, _ in "cl_" + host.random(bytes: 32) }
        var key: @Sendable (any PluginHost, String) -> String = { host, value in host.cryptography.digest(value) }
        var isOwn: @Sendable (String) -> Bool = { $0.utf8.starts(with: "cl_".utf8) && $0.utf8.count == 46 }
        /// Changes what is kept.
        var kept: @Sendable (inout TokenContents) -> Void = { _ in }
        /// Changes what is found.
        var found: @Sendable (inout ResolvedToken, any PluginHost) throws -> Void = { _, _ in }
        var index: @Sendable (String) -> [String: String] = { _ in [:] }
        var lifetime: Duration?
        /// Writes the record itself.
        var writesItself = false
        /// Takes a failure of the store for an unknown token.
        var isForgiving = false

        func mint(_ contents: TokenContents, _ host: any PluginHost) async throws -> MintedToken {
            var contents = contents
            let value = value(host, contents)
            kept(&contents)
            let row: JSON = [
                "id": .string(contents.id), "client": .string(contents.client.id),
                "iat": .integer(contents.issuedAt.seconds), "exp": .integer(contents.expiresAt.seconds),
                "authorization": contents.authorization.stored,
            ]
            let end = lifetime.map { contents.issuedAt + $0 } ?? contents.expiresAt
            let record = StoreRecord(
                StoreKey("part", key(host, value)), row, expiresAt: end, indexes: index(value))
            guard writesItself else { return MintedToken(value, writes: [.create(record)]) }
            _ = try await host.store.write([.create(record)])
            return MintedToken(value, writes: [.absent(StoreKey("part", "no"))])
        }

        func resolve(_ value: String, _ host: any PluginHost) async throws -> ResolvedToken? {
            guard isOwn(value) else { return nil }
            let key = StoreKey("part", key(host, value))
            var record: StoreRecord?
            do { record = try await host.store.read(key) } catch  where isForgiving {}
            guard let row = record?.value, let id = row["id"]?.string, let client = row["client"]?.string,
                let start = row["iat"]?.integer, let end = row["exp"]?.integer, let stored = row["authorization"]
            else { return nil }
            var token = ResolvedToken(
                kind: .access, id: id, clientID: client, issuedAt: Timestamp(seconds: start),
                expiresAt: Timestamp(seconds: end), authorization: try Authorization(stored: stored))
            try found(&token, host)
            return token
        }
    }

    private static func stored(_ change: (inout Stored) -> Void = { _ in }) -> PluginUnderTest {
        var format = Stored()
        change(&format)
        let made = format
        return ClosureParts.underTest { registry, host in
            registry.add(
                format: ClosureFormat(
                    name: made.name, making: { try await made.mint($0, host) },
                    resolving: { try await made.resolve($0, host) }))
        }
    }

    /// A format that signs what it says; a fault replaces how.
    private static func signed(
        sign: @escaping @Sendable (JSON, any PluginHost) async throws -> String = { claims, host in
            try await host.keys.sign(claims, type: "closure+jwt", algorithm: nil)
        },
        verify: @escaping @Sendable (String, any PluginHost) async throws -> JSON? = { value, host in
            try await host.keys.verify(value, type: "closure+jwt")?.claims
        },
        more: @escaping @Sendable (TokenContents) -> [JSON.Member] = { _ in [] }
    ) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            let making: @Sendable (TokenContents) async throws -> MintedToken = { contents in
                let claims: [JSON.Member] = [
                    .init("id", .string(contents.id)), .init("client", .string(contents.client.id)),
                    .init("iat", .integer(contents.issuedAt.seconds)),
                    .init("exp", .integer(contents.expiresAt.seconds)),
                    .init("authorization", contents.authorization.stored),
                ]
                return MintedToken(try await sign(.object(more(contents) + claims), host))
            }
            let resolving: @Sendable (String) async throws -> ResolvedToken? = { value in
                guard let claims = try await verify(value, host), let id = claims["id"]?.string,
                    let client = claims["client"]?.string, let start = claims["iat"]?.integer,
                    let end = claims["exp"]?.integer, let stored = claims["authorization"]
                else { return nil }
                return ResolvedToken(
                    kind: .access, id: id, clientID: client, issuedAt: Timestamp(seconds: start),
                    expiresAt: Timestamp(seconds: end), authorization: try Authorization(stored: stored))
            }
            registry.add(format: ClosureFormat(isSelfContained: true, making: making, resolving: resolving))
        }
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a format in the store", stored()), ("a signed format", signed()),
    ]

    // MARK: faults

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func unhex(_ text: String) -> String? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2), !digits.isEmpty else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func changing(
        _ fault: String, says: String, _ change: @escaping @Sendable (inout TokenContents) -> Void
    ) -> Mutant {
        Mutant(fault, breaks: comesBack, says: says, stored { $0.kept = change })
    }

    static let all: [Mutant] = [
        Mutant(
            "its name has a space", breaks: "its names are words, and none of them is the server's",
            says: "the token format 'my format' is not a word", stored { $0.name = "my format" }),
        changing("it keeps no session", says: "the id of the session was 'session-1' and is 'nothing'") {
            $0.authorization.sessionID = nil
        },
        changing("it keeps no epoch of the client", says: "the epoch of the client") {
            $0.authorization.clientEpoch = nil
        },
        changing("it keeps no confirmation", says: "the confirmation") { $0.authorization.confirmation = nil },
        changing("it keeps no claims", says: "the claims were") { $0.authorization.claims = [:] },
        changing("it expires later", says: "the expiry") { $0.expiresAt = $0.expiresAt + .seconds(60) },
        changing("it keeps one audience", says: "the audience was") { contents in
            let limits = contents.authorization.limits
            contents.authorization.limits = AccessLimits(
                scope: limits.scope, audience: Array(limits.audience.prefix(1)))
        },
        changing("it takes every subject for a user", says: "the subject was") {
            $0.authorization.subject = .user($0.authorization.subject.id)
        },
        Mutant(
            "it writes to an undeclared collection", breaks: comesBack, says: "add registry.add(collection:)",
            ClosureParts.underTest { registry, _ in
                registry.add(
                    format: ClosureFormat(
                        making: { MintedToken("x", writes: [.delete(StoreKey("parts", $0.id))]) },
                        resolving: { _ in nil }))
            }),
        Mutant(
            "it has spaces", breaks: "a token has the characters of a bearer token", says: "use base64url",
            stored { format in
                format.value = { host, _ in "cl_ \(host.random(bytes: 32))" }
                format.isOwn = { $0.utf8.count == 47 }
            }),
        Mutant(
            "it is short", breaks: "a token has the characters of a bearer token", says: "can be guessed",
            stored { format in
                format.value = { host, _ in "cl_\(host.random(bytes: 8))" }
                format.isOwn = { $0.utf8.count == 14 }
            }),
        Mutant(
            "it makes the same token twice",
            breaks: "two tokens from the same contents differ, also of a hundred at once", says: "exists already",
            stored { $0.value = { _, contents in "cl_" + String(repeating: "A", count: 43) } }),
        Mutant(
            "it keeps only the ASCII of subjects", breaks: strange, says: "the subject was",
            stored { format in
                format.kept = { contents in
                    let id = contents.authorization.subject.id
                    let plain = id.unicodeScalars.filter { $0.isASCII }.map { String($0) }.joined()
                    contents.authorization.subject = .user(plain)
                }
            }),
        Mutant(
            "it splits audiences at spaces", breaks: strange, says: "the audience was",
            stored { format in
                format.kept = { contents in
                    let limits = contents.authorization.limits
                    let parts = limits.audience.flatMap { $0.split(separator: " ").map(String.init) }
                    contents.authorization.limits = AccessLimits(scope: limits.scope, audience: parts)
                }
            }),
        Mutant(
            "it puts claims before its own", breaks: reserved, says: "set those last", signed(more: { $0.claims })),
        Mutant(
            "it looks every value up", breaks: foreign, says: "is looked up in the store",
            stored { $0.isOwn = { _ in true } }),
        Mutant(
            "it throws for foreign values", breaks: foreign, says: "return nil",
            signed(verify: { value, host in
                guard let claims = try await host.keys.verify(value, type: "closure+jwt")?.claims else {
                    throw OAuthError(.invalidToken, "what is this?")
                }
                return claims
            })),
        Mutant(
            "it compares only the beginning", breaks: "a changed token does not resolve", says: "compare all of it",
            stored { format in
                format.key = { host, value in host.cryptography.digest(String(value.prefix(30))) }
                format.isOwn = { $0.utf8.starts(with: "cl_".utf8) && $0.utf8.count > 30 }
            }),
        Mutant(
            "it is not signed", breaks: "a token of another server does not resolve",
            says: "sign tokens with host.keys",
            signed(
                sign: { claims, _ in hex(claims.bytes) },
                verify: { value, _ in unhex(value).flatMap { try? JSON(parsing: $0) } })),
        Mutant(
            "its record expires before the token", breaks: expires, says: "keep it until contents.expiresAt",
            stored { $0.lifetime = .seconds(60) }),
        Mutant(
            "it renews what has expired", breaks: expires, says: "return contents.expiresAt",
            stored { $0.found = { token, host in token.expiresAt = host.now + .seconds(60) } }),
        Mutant(
            "it throws for an expired token", breaks: expires, says: "return the token with its expiry",
            stored {
                $0.found = { token, host in
                    guard token.expiresAt > host.now else { throw OAuthError(.invalidToken, "expired") }
                }
            }),
        Mutant(
            "it commits a token itself",
            breaks: "a format that is not self-contained knows its tokens only once they are committed",
            says: "in the writes of MintedToken", stored { $0.writesItself = true }),
        Mutant(
            "it keeps the token", breaks: "the store has no token as the client sends it",
            says: "keep host.cryptography.digest",
            stored { $0.key = { _, value in value } }),
        Mutant(
            "it keeps the token in an index", breaks: "the store has no token as the client sends it",
            says: "a copy of the store is enough", stored { $0.index = { ["owner": $0] } }),
        Mutant(
            "it takes a failing store for an unknown token", breaks: storeFails, says: "is not resolved",
            stored { $0.isForgiving = true }),
    ]
}
