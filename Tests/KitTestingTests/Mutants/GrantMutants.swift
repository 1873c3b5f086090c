// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of grants, and grants without one.
enum GrantMutants {
    private static let names = "its names are words that fit into a form and a configuration"
    private static let accepts = "it accepts the request that it is meant for"
    private static let strange = "it answers strange values with an OAuth error, and does not repeat them"
    private static let once = "a value that may be used once is used once, also by a hundred at once"

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("without state", ClosureGrant.underTest(decide: plain)),
        ("used once", ClosureGrant.underTest(decide: create)),
        ("counting", ClosureGrant.underTest(decide: count)),
        ("counting one request after another", serial),
        ("redeeming", redeeming { authorization, _ in authorization }),
        ("for users of another server", changed { $0.subject = .user("nobody-46") }.grantingToForeignUsers()),
        ("for a client with another scope", scoped(["orders"], [:])),
        ("for a request with a scope", scoped(["orders", "read"], ["scope": "orders"])),
        (
            "given a scope",
            ClosureGrant.underTest(decide: plain)
                .accepting("ticket") { _ in ["ticket": "t-1", "scope": "write"] }
        ),
    ]

    private static let plain: ClosureGrant.Decide = { request, _ in
        guard try request.parameters.required("ticket") == "t-1" else { throw OAuthError.invalidGrant(reason: "other") }
        return Authorization(subject: .client(request.client.id), limits: request.allowed)
    }

    private static func key(_ host: any PluginHost, _ ticket: String) -> StoreKey {
        StoreKey("ticket", host.cryptography.digest(ticket))
    }

    /// Creates a record, or replaces one that has expired.
    private static let create: ClosureGrant.Decide = { request, host in
        var authorization = try await plain(request, host)
        let key = key(host, try request.parameters.required("ticket"))
        let record = StoreRecord(key, [:], expiresAt: host.now + .seconds(60))
        let found = try await host.store.read(key)
        if let found, found.expiresAt <= host.now {
            authorization.writes = [.replace(record, ifVersion: found.version)]
        } else {
            authorization.writes = [.create(record)]
        }
        return authorization
    }

    /// Grants three requests a minute.
    private static let count: ClosureGrant.Decide = { request, host in
        var authorization = try await plain(request, host)
        let key = key(host, try request.parameters.required("ticket"))
        let found = try await host.store.read(key)
        guard let found else {
            authorization.writes = [
                .create(StoreRecord(key, ["used": 1], expiresAt: host.now + .seconds(60)))
            ]
            return authorization
        }
        let isOver = found.expiresAt <= host.now
        let used = isOver ? 0 : found.value["used"]?.integer ?? 0
        guard used < 3 else { throw OAuthError.invalidGrant(reason: "used too often") }
        let end = isOver ? host.now + .seconds(60) : found.expiresAt
        authorization.writes = [
            .replace(StoreRecord(key, ["used": .integer(used + 1)], expiresAt: end), ifVersion: found.version)
        ]
        return authorization
    }

    /// A grant that lets a request wait until the one before has been decided.
    private static var serial: PluginUnderTest {
        let isBusy = Kept(false)
        return ClosureGrant.underTest { request, host in
            var isMine = false
            while !isMine {
                isBusy.change { (isMine, $0) = (!$0, true) }
                if !isMine { await Task.yield() }
            }
            defer { isBusy.change { $0 = false } }
            return try await count(request, host)
        }
    }

    /// A grant that redeems a record, which is there before the request.
    private static func redeeming(
        _ change: @escaping @Sendable (Authorization, any PluginHost) -> Authorization
    ) -> PluginUnderTest {
        let plugin = ClosureGrant.underTest { request, host in
            let key = key(host, try request.parameters.required("ticket"))
            guard let found = try await host.store.read(key), let id = found.value["grant"]?.string,
                found.expiresAt > host.now
            else { throw OAuthError.invalidGrant(reason: "unknown") }
            var authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
            authorization.grantID = id
            authorization.writes = [.redeem(key)]
            return change(authorization, host)
        }
        return plugin.accepting("ticket") { plugin in
            let host = plugin.host
            let ticket = host.lent.random(bytes: 16)
            let record = StoreRecord(
                key(host.lent, ticket), ["grant": .string(host.lent.random(bytes: 16))],
                expiresAt: host.clock.now + .seconds(60))
            _ = try await host.records.write([.create(record)])
            return ["ticket": ticket]
        }
    }

    /// A grant for a client with some scope.
    private static func scoped(_ scope: Scope, _ parameters: Parameters) -> PluginUnderTest {
        let client = Client.test(id: "client-2", grants: ["ticket"], scope: scope)
        return ClosureGrant.underTest(decide: plain).accepting("ticket", from: client) { _ in
            Parameters([(name: "ticket", value: "t-1")] + parameters.all)
        }
    }

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "its name has a space", breaks: names, says: "'my ticket' is not a word",
            ClosureGrant.underTest(
                { $0.declaration = GrantDeclaration("my ticket", client: .confidential) }, decide: plain)),
        Mutant(
            "a parameter is named with a quotation mark", breaks: names, says: "is not a word",
            ClosureGrant.underTest({ $0.parameters.append(ParameterDeclaration("a\"b")) }, decide: plain)),
        Mutant(
            "it refuses the good request", breaks: accepts, says: "refused with invalid_grant",
            ClosureGrant.underTest { _, _ in throw OAuthError.invalidGrant(reason: "never") }),
        Mutant(
            "it refuses the good request as malformed", breaks: accepts, says: "refused with invalid_request",
            ClosureGrant.underTest { _, _ in throw OAuthError(.invalidRequest, "never") }),
        Mutant(
            "it throws an error of its own", breaks: accepts, says: "throw an OAuthError",
            ClosureGrant.underTest { _, _ in throw Faults.OwnError() }),
        Mutant(
            "what it grants has ended", breaks: accepts, says: "refused with invalid_grant",
            changed { $0.limits.end(by: Timestamp(seconds: 1)) }),
        Mutant(
            "it writes one record twice", breaks: accepts, says: "twice: combine the two writes",
            changed {
                let record = StoreRecord(StoreKey("ticket", "a"), [:], expiresAt: Timestamp(seconds: 1_900_000_000))
                $0.writes = [.create(record), .create(record)]
            }),
        Mutant(
            "it creates and deletes one record", breaks: accepts, says: "twice: combine the two writes",
            changed {
                let record = StoreRecord(StoreKey("ticket", "a"), [:], expiresAt: Timestamp(seconds: 1_900_000_000))
                $0.writes = [.create(record), .delete(record.key)]
            }),
        Mutant(
            "it writes to an undeclared collection", breaks: accepts, says: "add registry.add(collection:)",
            changed { $0.writes = [.delete(StoreKey("tickets", "a"))] }),
        Mutant(
            "it reads an undeclared collection", breaks: accepts, says: "add registry.add(collection:)",
            ClosureGrant.underTest { request, host in
                _ = try await host.store.read(StoreKey("tickets", "a"))
                return try await plain(request, host)
            }),
        Mutant(
            "it reads an optional parameter by another name", breaks: accepts,
            says: "reads the parameter 'gaet', which it does not declare",
            ClosureGrant.underTest({ $0.parameters.append(ParameterDeclaration("gate")) }) { request, host in
                _ = request.parameters["gaet"]
                return try await plain(request, host)
            }),
        Mutant(
            "it reads a required parameter by another name", breaks: accepts,
            says: "reads the parameter 'tickte', which it does not declare: correct the name",
            ClosureGrant.underTest { request, host in
                _ = try request.parameters.required("tickte")
                return try await plain(request, host)
            }),
        Mutant(
            "it grants more scope than was asked for",
            breaks: "it grants no more scope than the client may have", says: "use request.allowed",
            ClosureGrant.underTest { request, host in
                _ = try await plain(request, host)
                return Authorization(
                    subject: .client(request.client.id), limits: AccessLimits(scope: ["read", "write", "admin"]))
            }),
        Mutant(
            "its user does not exist", breaks: "its subject is the client that asks, or a user that exists",
            says: "whom the directory does not know", changed { $0.subject = .user("nobody-42") }),
        Mutant(
            "its subject is another client", breaks: "its subject is the client that asks, or a user that exists",
            says: "made the request", changed { $0.subject = .client("nobody-43") }),
        Mutant(
            "it repeats what was sent", breaks: strange,
            says: "a strange 'ticket' is refused with an error that repeats what was sent",
            ClosureGrant.underTest { request, host in
                let ticket = try request.parameters.required("ticket")
                guard ticket == "t-1" else { throw OAuthError(.invalidGrant, "there is no ticket \(ticket)") }
                return try await plain(request, host)
            }),
        Mutant(
            "strange values make it throw an error of its own", breaks: strange, says: "throw an OAuthError",
            ClosureGrant.underTest { request, host in
                guard try request.parameters.required("ticket") == "t-1" else { throw Faults.OwnError() }
                return try await plain(request, host)
            }),
        Mutant(
            "it writes to the store itself",
            breaks: "a request that it grants writes nothing: what it changes is in the writes",
            says: "return the write in Authorization.writes",
            ClosureGrant.underTest { request, host in
                let record = StoreRecord(
                    key(host, host.random(bytes: 8)), [:], expiresAt: host.now + .seconds(60))
                _ = try await host.store.write([.create(record)])
                return try await plain(request, host)
            }),
        Mutant(
            "it counts by a write that nothing guards", breaks: once, says: "replace what was read",
            ClosureGrant.underTest { request, host in
                let authorization = try await plain(request, host)
                let key = key(host, "count")
                let used = try await host.store.read(key)?.value["used"]?.integer ?? 0
                guard used < 3 else { throw OAuthError.invalidGrant(reason: "used too often") }
                _ = try await host.store.write([.delete(key)])
                _ = try await host.store.write([
                    .create(StoreRecord(key, ["used": .integer(used + 1)], expiresAt: host.now + .seconds(60)))
                ])
                return authorization
            }),
        Mutant(
            "a second request fails", breaks: "a second request is granted or refused, and does not fail",
            says: "request 2 of the same",
            ClosureGrant.underTest { request, host in
                var authorization = try await plain(request, host)
                let key = key(host, "seen")
                guard try await host.store.read(key) == nil else { throw Faults.OwnError() }
                authorization.writes = [.create(StoreRecord(key, [:], expiresAt: host.now + .seconds(60)))]
                return authorization
            }),
        Mutant(
            "it redeems without a grant id", breaks: "what it redeems has a grant id, the same for each request",
            says: "sets no grantID",
            redeeming { authorization, _ in
                var changed = authorization
                changed.grantID = nil
                return changed
            }),
        Mutant(
            "its grant id is a new one each time",
            breaks: "what it redeems has a grant id, the same for each request",
            says: "the token of the first use is still good",
            redeeming { authorization, host in
                var changed = authorization
                changed.grantID = host.random(bytes: 16)
                return changed
            }),
        Mutant(
            "it creates over an expired record",
            breaks: "it decides the same whether or not expired records are purged",
            says: "replace it instead of creating it",
            ClosureGrant.underTest { request, host in
                var authorization = try await plain(request, host)
                authorization.writes = [
                    .create(StoreRecord(key(host, "seen"), [:], expiresAt: host.now + .seconds(60)))
                ]
                return authorization
            }),
        Mutant(
            "it takes a failure of the store for an empty store",
            breaks: "if the store fails, it grants nothing, and works again later", says: "let the StoreError through",
            ClosureGrant.underTest { request, host in
                let found = try? await host.store.read(key(host, "banned"))
                guard found == nil else { throw OAuthError.invalidGrant(reason: "banned") }
                return try await plain(request, host)
            }),
        Mutant(
            "it never recovers from a cancelled request",
            breaks: "a cancelled request ends, and the next one is answered", says: "refused", poisoned),
    ]

    /// A grant that refuses every request after a cancelled one.
    private static var poisoned: PluginUnderTest {
        PluginUnderTest(ClosureGrant.manifest) { _, host in
            let isPoisoned = Kept(false)
            return ClosureGrant(host: host) { request, host in
                if Task.isCancelled {
                    isPoisoned.change { $0 = true }
                    throw CancellationError()
                }
                guard !isPoisoned.value else { throw OAuthError.invalidGrant(reason: "busy") }
                return try await plain(request, host)
            }
        }
    }

    private static func changed(_ change: @escaping @Sendable (inout Authorization) -> Void) -> PluginUnderTest {
        ClosureGrant.underTest { request, host in
            var authorization = try await plain(request, host)
            change(&authorization)
            return authorization
        }
    }
}
