// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for token formats.
enum TokenFormatRules {
    static let all: [Rule] = [
        Rule(.tokenFormat, "a token resolves to what it was made from", forEach(comesBack)),
        Rule(.tokenFormat, "a token has the characters of a bearer token", forEach(characters)),
        Rule(.tokenFormat, "two tokens from the same contents differ, also of a hundred at once", forEach(differ)),
        Rule(.tokenFormat, "strange subjects, claims and other values come back as they were", forEach(strange)),
        Rule(.tokenFormat, "no claim replaces what the token says about itself", forEach(reserved)),
        Rule(
            .tokenFormat, "a value that is not a token of this format resolves to nil, without a look at the store",
            forEach(foreign)),
        Rule(.tokenFormat, "a changed token does not resolve", forEach(changed)),
        Rule(.tokenFormat, "a token of another server does not resolve", forEach(otherServer)),
        Rule(.tokenFormat, "a token resolves until it expires, and then not and without an error", forEach(expires)),
        Rule(
            .tokenFormat, "a format that is not self-contained knows its tokens only once they are committed",
            forEach(committed)),
        Rule(.tokenFormat, "the store has no token as the client sends it", forEach(digested)),
        Rule(.tokenFormat, "if the store fails, that is an error and not an unknown token", forEach(storeFails)),
    ]

    /// A format of a plugin that each check makes for itself.
    private struct Case: Sendable {
        let subject: PluginUnderTest
        let name: String

        func load(seed: UInt64 = 1) async throws -> Loaded {
            let plugin = try await subject.load(seed: seed)
            guard let format = plugin.registry.formats.first(where: { $0.name == name }) else {
                throw ConformanceFailure("the plugin no longer adds the format '\(name)' when it is made again")
            }
            return Loaded(plugin: plugin, format: format)
        }
    }

    private struct Loaded: Sendable {
        let plugin: TestPlugin
        let format: any TokenFormat

        func contents(_ id: String = "id-1", of subject: Subject = .user("ann")) -> TokenContents {
            let now = plugin.host.clock.now
            let limits = AccessLimits(scope: ["read", "write"], audience: ["https://a.example", "https://b.example"])
            var authorization = Authorization(subject: subject, limits: limits)
            authorization.authenticatedAt = now + .seconds(-1000)
            authorization.sessionID = "session-1"
            authorization.acr = "urn:example:strong"
            authorization.amr = ["pwd", "otp"]
            authorization.epoch = 5
            authorization.clientEpoch = 17
            authorization.actor = ["sub": "assistant"]
            authorization.claims = ["tenant": "t1"]
            authorization.confirmation = Confirmation("jkt", "thumbprint", tokenType: "DPoP")
            return TokenContents(
                id: id,
                client: .test(id: "client-1", grants: ["example"], scope: ["read", "write"]),
                authorization: authorization.asIssued(under: "example"), issuedAt: now,
                expiresAt: now + .seconds(900))
        }

        /// A token that has been committed.
        func mint(_ contents: TokenContents? = nil) async throws -> String {
            do {
                return try await plugin.mint(contents ?? self.contents(), as: format.name)
            } catch let refusal as HostRefusal {
                throw ConformanceFailure("a token cannot be issued: \(refusal)")
            } catch let error as OAuthError where error.code != .temporarilyUnavailable {
                throw ConformanceFailure("a token cannot be issued: \(error.reason ?? error.description)")
            }
        }

        func resolve(_ value: String, _ what: @autoclosure () -> String) async throws -> ResolvedToken {
            guard let token = try await format.resolve(value) else {
                throw ConformanceFailure("\(what()) is not resolved")
            }
            return token
        }
    }

    private static func forEach(
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for format in try subject.registry().formats {
                try await check(Case(subject: subject, name: format.name))
            }
        }
    }

    // MARK: what comes back

    private static func comesBack(_ subject: Case) async throws {
        let loaded = try await subject.load()
        for contents in [loaded.contents(), loaded.contents("id-2", of: .client("client-1"))] {
            let token = try await loaded.resolve(try await loaded.mint(contents), "a new token")
            try compare(token, with: contents)
            try expect(
                token.authorization.claims == contents.authorization.claims,
                "the claims were \(contents.authorization.claims.text) and are \(token.authorization.claims.text)")
        }
        let plain = try await loaded.resolve(try await loaded.mint(bare(loaded)), "a token with little in it")
        try compare(plain, with: bare(loaded))
    }

    /// Contents without anything that may be left out.
    private static func bare(_ loaded: Loaded) -> TokenContents {
        var contents = loaded.contents("id-3")
        contents.authorization = Authorization(subject: .user("ann"), limits: AccessLimits(scope: ["read"]))
            .asIssued(under: "example")
        contents.authorization.limits = AccessLimits(scope: ["read"], audience: ["https://a.example"])
        return contents
    }

    /// Compares all but the claims.
    private static func compare(_ token: ResolvedToken, with contents: TokenContents) throws {
        let (was, now) = (contents.authorization, token.authorization)
        try expect(token.kind == .access, "the kind of the token is \(token.kind)")
        try same("id of the token", contents.id, token.id)
        try same("id of the client", contents.client.id, token.clientID)
        try same("time of issue", contents.issuedAt.seconds, token.issuedAt.seconds)
        try same("expiry", contents.expiresAt.seconds, token.expiresAt.seconds)
        try expect(was.subject == now.subject, "the subject was \(was.subject) and is \(now.subject)")
        try same("id of the grant", was.grantID, now.grantID)
        try same("id of the session", was.sessionID, now.sessionID)
        try same("time of authentication", was.authenticatedAt?.seconds, now.authenticatedAt?.seconds)
        try same("acr", was.acr, now.acr)
        try same("amr", JSON.strings(was.amr).text, JSON.strings(now.amr).text)
        try same("epoch of the user", was.epoch, now.epoch)
        try same("epoch of the client", was.clientEpoch, now.clientEpoch)
        try same("actor", was.actor?.text, now.actor?.text)
        try same("scope", JSON.strings(was.scope.words).text, JSON.strings(now.scope.words).text)
        try same("audience", JSON.strings(was.limits.audience).text, JSON.strings(now.limits.audience).text)
        try expect(
            was.confirmation == now.confirmation,
            "the confirmation was \(was.confirmation as Any) and is \(now.confirmation as Any)")
    }

    private static func same(_ what: String, _ was: String?, _ now: String?) throws {
        try expect(was == now, "the \(what) was '\(was ?? "nothing")' and is '\(now ?? "nothing")'")
    }

    private static func same(_ what: String, _ was: Int64?, _ now: Int64?) throws {
        try expect(was == now, "the \(what) was \(was as Any) and is \(now as Any)")
    }

    /// RFC 6750 section 2.1.
    private static func characters(_ subject: Case) async throws {
        let token = try await subject.load().mint()
        let isFine = token.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._~+/".utf8.contains(byte)
            }
        }
        try expect(isFine, "a token has characters that RFC 6750 does not allow: use base64url")
        try expect(
            token.utf8.count >= 22,
            "a token has only \(token.utf8.count) characters, so it can be guessed: use 128 random bits or more")
    }

    private static func differ(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let values = try await Many.atOnce { number in try await loaded.mint(loaded.contents("id-\(number)")) }
        let distinct = Set(values.map { Array($0.utf8) }).count
        try expect(distinct == Many.count, "of \(Many.count) tokens, only \(distinct) differ: use host.random")
        var ids: Set<String> = []
        for value in values { ids.insert(try await loaded.resolve(value, "one of many tokens").id) }
        try expect(ids.count == Many.count, "\(Many.count) tokens have only \(ids.count) ids: return contents.id")
    }

    // MARK: strange contents

    private static func strange(_ subject: Case) async throws {
        let loaded = try await subject.load()
        for (number, text) in (HostileText.all + [String(repeating: "é", count: 1024)]).enumerated() {
            let contents = strange(loaded, "id-\(number)", text)
            let value = try await loaded.mint(contents)
            let token = try await loaded.resolve(value, "a token with a strange value")
            try compare(token, with: contents)
            let (was, now) = (contents.authorization.claims, token.authorization.claims)
            for claim in was.members {
                try expect(
                    now[claim.name] == claim.value,
                    "the claim '\(claim.name)' was \(claim.value.text) and is \(now[claim.name]?.text ?? "nothing")")
            }
        }
    }

    private static func strange(_ loaded: Loaded, _ id: String, _ text: String) -> TokenContents {
        let base = loaded.contents(id, of: .user(text))
        guard text.utf8.count < 1000 else { return base }
        var contents = base
        // Every character that a scope value may have (RFC 6749 section 3.3).
        let word = String(
            decoding: (UInt8(0x21)...0x7E).filter { $0 != 0x22 && $0 != 0x5C }, as: UTF8.self)
        contents.authorization.limits = AccessLimits(scope: ["read", word], audience: ["https://a.example", text])
        contents.authorization.sessionID = text
        contents.authorization.acr = text
        contents.authorization.amr = [text, "pwd"]
        contents.authorization.actor = ["sub": .string(text)]
        contents.authorization.confirmation = Confirmation("jkt", text, tokenType: "Bearer")
        contents.authorization.claims = [
            text: .string(text), "big": .integer(.max), "small": .integer(.min), "half": .number(0.5), "no": false,
            "nothing": .null, "list": [[], [:], .string(text)],
        ]
        return contents
    }

    private static let ownClaims = [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "auth_time", "acr", "amr", "sid", "act",
        "cnf", "may_act", "active", "username", "token_type", "gid", "epoch", "client_epoch", "client", "user", "id",
        "grant", "expires_at", "issued_at", "subject", "audience", "session",
    ]

    private static func reserved(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let values: [JSON] = ["mallory", .integer(9_999_999_999), ["mallory"], ["sub": "mallory"]]
        for (number, value) in values.enumerated() {
            var contents = loaded.contents("id-\(number)")
            let claims = ownClaims.map { JSON.Member($0, value) }
            contents.authorization.claims = .object(claims)
            contents.claims = claims
            do {
                try compare(try await loaded.resolve(try await loaded.mint(contents), "a token"), with: contents)
            } catch {
                throw ConformanceFailure(
                    "with claims that have the names of the token's own members, \(error): set those last, and drop "
                        + "such claims")
            }
        }
    }

    // MARK: values that are no tokens

    private static func foreign(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let values =
            [
                "", "x", "a.b.c", "..", "....", "é", "gat_", "eyJhbGciOiJub25lIn0.e30.",
                String(repeating: "A", count: 20_000), "\u{0}",
            ] + HostileText.all
        for value in values {
            let before = loaded.plugin.host.store.calls
            let what = "the value '\(value.prefix(40))', which is no token,"
            do {
                let token = try await loaded.format.resolve(value)
                try expect(token == nil, "\(what) resolves")
            } catch let failure as ConformanceFailure {
                throw failure
            } catch {
                throw ConformanceFailure("\(what) causes \(error): return nil")
            }
            try expect(
                loaded.plugin.host.store.calls == before,
                "\(what) is looked up in the store: check its length and its first characters before that")
        }
    }

    private static func changed(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let value = try await loaded.mint()
        _ = try await loaded.resolve(value, "a new token")
        for other in changes(of: value) where other != value {
            let token = try await loaded.format.resolve(other)
            try expect(
                token == nil,
                "a token that was changed to '\(other.prefix(20))…' (\(other.utf8.count) bytes) still resolves: "
                    + "compare all of it")
        }
    }

    /// Values that differ from a token in one place, or at one end.
    static func changes(of value: String) -> [String] {
        let bytes = Array(value.utf8)
        var all = [
            value + "A", value + "=", value + ".", value + "\n", value + "\u{301}", " " + value, value + value,
            String(value.dropFirst()), String(value.dropLast(2)), value.uppercased(), value.lowercased(),
        ]
        // The last character of base64url may have bits without a meaning.
        for place in stride(from: 0, to: bytes.count - 1, by: max(1, bytes.count / 60)) {
            var other = bytes
            other[place] = other[place] == 0x41 ? 0x42 : 0x41
            all.append(String(decoding: other, as: UTF8.self))
        }
        return all
    }

    private static func otherServer(_ subject: Case) async throws {
        let value = try await subject.load(seed: 2).mint()
        let token = try await subject.load().format.resolve(value)
        try expect(
            token == nil,
            "a token of another server, with other keys and another store, resolves: sign tokens with host.keys, or "
                + "keep them in host.store")
    }

    // MARK: time and store

    private static func expires(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let (host, value) = (loaded.plugin.host, try await loaded.mint())
        host.clock.advance(by: .seconds(899))
        try await host.store.purge()
        try expect(
            try await isGood(value, host),
            "a token no longer resolves a second before it expires: keep it until "
                + "contents.expiresAt")
        host.clock.advance(by: .seconds(1))
        try expect(try await !isGood(value, host), "an expired token is still good: return contents.expiresAt")
        host.clock.advance(by: .seconds(86400 * 3650))
        try expect(try await !isGood(value, host), "a token is good ten years after it expired")
        try await host.store.purge()
        try expect(try await !isGood(value, host), "an expired token is good after a purge")
    }

    private static func isGood(_ value: String, _ host: TestHost) async throws -> Bool {
        do {
            return try await host.tokens.resolve(value) != nil
        } catch {
            throw ConformanceFailure(
                "resolving an old token throws \(error): return the token with its expiry, or nil; the host compares "
                    + "it")
        }
    }

    private static func committed(_ subject: Case) async throws {
        let loaded = try await subject.load()
        guard !loaded.format.isSelfContained else { return }
        let token = try await loaded.format.mint(loaded.contents())
        try expect(!token.writes.isEmpty, "the token has no writes, so nothing could resolve it")
        let early = try await loaded.format.resolve(token.value)
        try expect(
            early == nil,
            "the token resolves before it is committed: return its record in the writes of MintedToken")
    }

    private static func digested(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let token = try await loaded.format.mint(loaded.contents())
        for write in token.writes + loaded.plugin.host.store.written {
            var places = [write.key?.id ?? ""]
            if case .create(let record) = write { places += [record.value.text] + record.indexes.map { $0.value } }
            try expect(
                !places.contains { $0.contains(token.value) },
                "a record of '\(write.key?.collection ?? "")' has the token itself, so a copy of the store is enough "
                    + "to use it: keep host.cryptography.digest of it")
        }
    }

    private static func storeFails(_ subject: Case) async throws {
        try await FailingStore.during("making a token") {
            let loaded = try await subject.load()
            let contents = loaded.contents()
            return Trial(plugin: loaded.plugin) { _ = try await loaded.mint(contents) }
        }
        try await FailingStore.during("resolving a token") {
            let loaded = try await subject.load()
            let value = try await loaded.mint()
            return Trial(plugin: loaded.plugin) {
                _ = try await loaded.resolve(value, "while the store fails, a good token")
            }
        }
    }
}
