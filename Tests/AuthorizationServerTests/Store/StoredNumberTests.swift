// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// Numbers in the store that only a change by hand or a faulty program can have written.
@Suite("Extreme numbers in stored records", .timeLimit(.minutes(10)))
struct StoredNumberTests {
    /// Copies of a value, each with one of its numbers replaced.
    private static func changed(_ value: JSON, to number: Int64) -> [JSON] {
        switch value {
        case .integer: [.integer(number)]
        case .array(let elements):
            elements.indices.flatMap { place in
                changed(elements[place], to: number).map { element in
                    var all = elements
                    all[place] = element
                    return .array(all)
                }
            }
        case .object(let members):
            members.indices.flatMap { place in
                changed(members[place].value, to: number).map { member in
                    var all = members
                    all[place].value = member
                    return .object(all)
                }
            }
        default: []
        }
    }

    /// A signed-in user, a client with tokens, a failing job and someone who guesses passwords.
    struct Scene {
        let server: TestServer
        let browser: Browser
        let access: String
        let refresh: String

        init(_ server: TestServer) async throws {
            self.server = server
            browser = Browser(server)
            let consent = await browser.signIn(
                await browser.authorize(Demo.request([("scope", "openid profile offline_access")])))
            let code = try #require(await browser.allow(consent).query["code"])
            let tokens = await server.redeem(code)
            access = try #require(tokens["access_token"])
            refresh = try #require(tokens["refresh_token"])
            let job = try await server.core.jobs.enqueue(
                Job(
                    "backchannel-logout", ["client": "web", "sid": "s", "sub": "ann", "jti": "j"],
                    limit: .seconds(86400)))
            #expect(try await server.core.store.write([job]) == .committed)
            try await server.core.recordUsers()
            for _ in 0..<8 { await guess() }
        }

        private func guess() async {
            _ = try? await server.core.users.verify(login: "ann", password: Secret("wrong"), from: "192.0.2.7")
        }

        /// Makes every request that reads those records; each must get a response, whatever it is.
        func use() async {
            await guess()
            let answers = [
                await server.introspect(access), await server.introspect(refresh), await browser.open("/auth/sessions"),
                await browser.open("/auth/grants"), await browser.authorize(Demo.request()),
                await browser.authorize(Demo.request([("max_age", "10")])),
                await server.post(
                    "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)],
                    as: ("web", Demo.secret)),
            ]
            #expect(answers.allSatisfy { 200..<600 ~= $0.status })
            await JobRunner(server.core).round()
            await StorePurger(server.core).round()
            try? await server.core.recordUsers()
        }
    }

    @Test("no number in a stored record ends the process", arguments: [Int64.min, -1, 0, 1, .max])
    func extremes(_ number: Int64) async throws {
        let server = try await Demo.server([.init(WrongStorePlugin.self)] + Plugins.all.dropFirst())
        let store = try #require(
            server.core.generation?.plugins.flatMap(\.registry.stores).first as? WrongStorePlugin)
        _ = try await Scene(server)
        let collections = Set(store.written.map(\.collection))
        #expect(collections.isSuperset(of: ["session", "consent", "refresh_token", "job", "sign_in_attempt"]))
        for collection in collections.sorted() {
            // Each with separate records, since reading changes them too.
            let server = try await Demo.server([.init(WrongStorePlugin.self)] + Plugins.all.dropFirst())
            let store = try #require(
                server.core.generation?.plugins.flatMap(\.registry.stores).first as? WrongStorePlugin)
            let scene = try await Scene(server)
            for key in store.written where key.collection == collection {
                guard let record = try await store.read(key) else { continue }
                for value in StoredNumberTests.changed(record.value, to: number) {
                    try await put(record, value, record.expiresAt, in: store)
                    await scene.use()
                }
                try await put(record, record.value, Timestamp(seconds: number), in: store)
                await scene.use()
                try await put(record, record.value, record.expiresAt, in: store)
            }
        }
    }

    /// Overwrites a record, whatever its current state is.
    private func put(
        _ record: StoreRecord, _ value: JSON, _ end: Timestamp, in store: WrongStorePlugin
    ) async throws {
        let next = StoreRecord(record.key, value, expiresAt: end, indexes: record.indexes)
        let known = try await store.read(record.key)
        let write = known.map { StoreWrite.replace(next, ifVersion: $0.version) } ?? .create(next)
        #expect(try await store.write([write]) == .committed)
    }
}
