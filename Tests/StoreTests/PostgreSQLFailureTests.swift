// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import PostgreSQLStore
import Support
import Testing

@Suite("postgres-store when the database fails", .serialized, .timeLimit(.minutes(20)))
struct PostgreSQLFailureTests {
    private static let later = Timestamp(seconds: 1_900_000_000)

    private func record(_ id: String) -> StoreRecord {
        StoreRecord(StoreKey("a", id), ["of": .string(id)], expiresAt: PostgreSQLFailureTests.later)
    }

    private func make(
        _ url: String, pool: Int64 = 4, timeout: String = "60s", prepared: Bool = true
    ) throws -> (plugin: any Plugin, store: any Store) {
        try Stores.make(
            Stores.postgreSQL,
            [
                "url": .string(url), "pool": .integer(pool), "statement_timeout": .string(timeout),
                "prepared_statements": .bool(prepared),
            ])
    }

    private func started(
        _ url: String, pool: Int64 = 4, timeout: String = "60s", prepared: Bool = true
    ) async throws -> (plugin: any Plugin, store: any Store) {
        let made = try make(url, pool: pool, timeout: timeout, prepared: prepared)
        try await made.plugin.start()
        return made
    }

    /// What a start fails with.
    private func message(_ url: String) async throws -> String {
        do {
            let made = try await started(url)
            await made.plugin.stop()
            return "nothing is wrong"
        } catch { return "\(error)" }
    }

    /// What a call fails with.
    private func message(_ call: () async throws -> Void) async -> String {
        do {
            try await call()
            return "nothing is wrong"
        } catch let error as StoreError { return error.message } catch { return "not an error of a store: \(error)" }
    }

    /// Tries until the store is back.
    private func retrying(_ call: () async throws -> Void) async throws {
        for _ in 0..<600 {
            if (try? await call()) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await call()
    }

    // MARK: it cannot start

    @Test("a server that is not there is named, and its password is not")
    func unreachable() async throws {
        let text = try await message("postgresql://ann:s3cret@/grantor?host=/nowhere")
        #expect(text.contains("the store /nowhere/grantor cannot be reached: "), "\(text)")
        #expect(!text.contains("s3cret"), "\(text)")
    }

    @Test("a database that is not there")
    func noDatabase() async throws {
        let folder = try PostgreSQLCluster.shared.get().folder
        let text = try await message("postgresql://postgres@/none?host=\(folder)")
        #expect(text.contains("database \"none\" does not exist"), "\(text)")
    }

    @Test("without a schema, the operator is told to create one")
    func noSchema() async throws {
        let folder = try PostgreSQLCluster.shared.get().folder
        let text = try await message("postgresql://postgres@/postgres?host=\(folder)&options=-csearch_path%3Dnone")
        #expect(text.contains("create the schema and grant it to the user"), "\(text)")
    }

    @Test("a URL that is none is a problem with the configuration, and is not quoted")
    func wrongURL() throws {
        for url in [
            "mysql://ann:s3cret@db/x", "postgresql://ann:s3cret/@db:x/y", "postgresql://db/x?s3cret=1", "s3cret",
            "postgresql://ann:s3cret%@db/x", "postgresql://ann:s3cret\u{0}@db/x", "postgresql://db:s3cret@[::1/x",
        ] {
            do {
                _ = try make(url)
                Issue.record("accepted")
            } catch let error as ConfigurationError {
                #expect(error.key == "url" && !error.message.contains("s3cret"), "\(error.message)")
            }
        }
    }

    @Test("tables of a newer version are used if they still can be, and refused if not")
    func newer() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let url = try cluster.schema("newer")
        #expect(try await message(url) == "nothing is wrong")
        try cluster.sql("UPDATE tnewer.grantor_schema SET version = 99")
        #expect(try await message(url) == "nothing is wrong")
        try cluster.sql("UPDATE tnewer.grantor_schema SET readable_from = 99")
        #expect(try await message(url).contains("was changed by a newer version of this server"))
    }

    @Test("of several nodes that start at once on an empty database, each starts")
    func together() async throws {
        let url = try PostgreSQLCluster.shared.get().schema("together")
        let messages = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await message(url) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(messages.allSatisfy { $0 == "nothing is wrong" }, "\(messages)")
    }

    @Test("a node that is stopped before its connections are open does not wait for its timeout")
    func stoppedAtOnce() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let url = try cluster.schema("stopped")
        #expect(try await message(url) == "nothing is wrong")
        let begin = ContinuousClock.now
        for _ in 0..<5 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await started(url).plugin.stop() } }
                try await group.waitForAll()
            }
        }
        // One wait would take a minute.
        #expect(ContinuousClock.now - begin < .seconds(50))
    }

    @Test("of several hosts, the one that can be written to is used")
    func hosts() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let standby = try PostgreSQLCluster(["default_transaction_read_only=on"])
        let hosts = "/nowhere,\(standby.folder),\(cluster.folder)"
        let url = try cluster.schema("hosts").replacing(cluster.folder, with: hosts)
        let node = try await started(url)
        #expect(try await node.store.write([.create(record("a"))]) == .committed)
        await node.plugin.stop()
        let text = try await message("postgresql://postgres@/postgres?host=\(standby.folder)")
        #expect(text.contains("session is read-only"), "\(text)")
    }

    @Test("a server without connections left says so")
    func noConnections() async throws {
        let cluster = try PostgreSQLCluster(["max_connections=8", "superuser_reserved_connections=3"])
        try cluster.sql("CREATE ROLE ann LOGIN; GRANT ALL ON SCHEMA public TO ann")
        let url = "postgresql://ann@/postgres?host=\(cluster.folder)"
        let first = try await started(url, pool: 5)
        // Its connections are opened after the start. Another node would take them away if it tried before.
        let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'ann'"
        #expect(try await Patience.wait(.milliseconds(50)) { try cluster.sql(open) == "5" })
        let text = try await message(url)
        #expect(text.contains("cannot be reached") && text.contains("remaining connection slots"), "\(text)")
        await first.plugin.stop()
        try await retrying { if try await message(url) != "nothing is wrong" { throw StoreError("not yet") } }
    }

    // MARK: it fails later

    @Test("while the server is away, calls fail at once, and when it is back, the store is")
    func restarted() async throws {
        let cluster = try PostgreSQLCluster()
        let node = try await started(try cluster.schema("one"))
        #expect(try await node.store.write([.create(record("a"))]) == .committed)
        for signal in [SIGINT, SIGQUIT, SIGKILL] {
            cluster.stop(signal)
            try await retrying {
                let text = await message { _ = try await node.store.read(StoreKey("a", "a")) }
                guard text.contains("cannot be reached") else { throw StoreError(text) }
            }
            let begin = ContinuousClock.now
            let text = await message { _ = try await node.store.write([.create(record("\(signal)"))]) }
            #expect(text.contains("cannot be reached"), "\(text)")
            #expect(ContinuousClock.now - begin < .seconds(20))
            try cluster.start()
            try await retrying { _ = try await node.store.read(StoreKey("a", "a")) }
            try await retrying { _ = try await node.store.write([.create(record("after \(signal)"))]) }
            #expect(try await node.store.read(StoreKey("a", "a")) != nil)
        }
        await node.plugin.stop()
    }

    @Test("what was acknowledged before the server was killed is there afterwards, and once")
    func acknowledged() async throws {
        let cluster = try PostgreSQLCluster(["fsync=on"])
        let nodes = [
            try await started(try cluster.schema("one")), try await started(try cluster.schema("one")),
        ]
        for round in 0..<3 {
            async let outcomes = withTaskGroup(of: (String, String).self) { group in
                for number in 0..<400 {
                    group.addTask {
                        let id = "\(round) \(number)"
                        try? await Task.sleep(for: .milliseconds(number * 5))
                        let result = try? await nodes[number % 2].store.write([.create(record(id))])
                        return (id, result == .committed ? "committed" : "\(result as Any)")
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            try await Task.sleep(for: .milliseconds(500 + round * 300))
            cluster.stop(SIGKILL)
            try cluster.start()
            let all = await outcomes
            try await retrying { _ = try await nodes[0].store.read(StoreKey("a", "a")) }
            let keys = all.filter { $0.value == "committed" }.map { StoreKey("a", $0.key) }
            #expect(!keys.isEmpty)
            let found = try await nodes[0].store.read(keys)
            #expect(found.allSatisfy { $0 != nil }, "an acknowledged write is gone")
            // Only its own create can have found the record.
            #expect(all.values.allSatisfy { !$0.contains("conflict") }, "a write was made twice")
        }
        for node in nodes { await node.plugin.stop() }
    }

    @Test("a server that does not move is given up in time, and a commit that was sent is unknown")
    func paused() async throws {
        let cluster = try PostgreSQLCluster()
        let node = try await started(try cluster.schema("one"), timeout: "2s")
        #expect(try await node.store.write([.create(record("a"))]) == .committed)
        cluster.pause(true)
        let begin = ContinuousClock.now
        let read = await message { _ = try await node.store.read(StoreKey("a", "a")) }
        let count = await message {
            _ = try await node.store.increment(
                StoreKey("a", "c"), expiresAt: PostgreSQLFailureTests.later, now: Timestamp(seconds: 1))
        }
        #expect(ContinuousClock.now - begin < .seconds(40))
        #expect(read.contains("did not answer in time"), "\(read)")
        #expect(count.contains("whether the last write was committed is unknown"), "\(count)")
        cluster.pause(false)
        try await retrying { _ = try await node.store.read(StoreKey("a", "a")) }
        try await retrying { _ = try await node.store.write([.create(record("after"))]) }
        await node.plugin.stop()
    }

    /// Lets commits wait for a standby that is not there, until one of them is late.
    private func losingStandby(_ cluster: PostgreSQLCluster, _ store: any Store) async throws {
        try cluster.set("synchronous_standby_names", "nobody")
        var number = 0
        try await Patience.wait {
            number += 1
            let id = "lost \(number)"
            let text = await message { _ = try await store.write([.create(record(id))]) }
            return text.contains("whether the last write was committed is unknown")
        }
    }

    @Test("while a commit waits for a standby that is away, writes fail, and no connections pile up")
    func standbyAway() async throws {
        let cluster = try PostgreSQLCluster()
        let node = try await started(try cluster.schema("one"), timeout: "1s")
        #expect(try await node.store.write([.create(record("a"))]) == .committed)
        try await losingStandby(cluster, node.store)
        let begin = ContinuousClock.now
        var (number, texts): (Int, [String]) = (0, [])
        while ContinuousClock.now - begin < .seconds(8) {
            texts += await withTaskGroup(of: String.self) { group in
                for place in 0..<8 {
                    let id = "\(number) \(place)"
                    group.addTask { await message { _ = try await node.store.write([.create(record(id))]) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            number += 1
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(texts.allSatisfy { $0.contains("did not answer in time") }, "\(Set(texts))")
        #expect(number > 20, "what cannot be written fails at once, but there were only \(number) attempts")
        let sessions = try cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'grantor'")
        #expect(sessions == "5", "the pool has four connections, and one listens")
        #expect(try await node.store.read(StoreKey("a", "a")) != nil, "what was written can be read")
        try cluster.set("synchronous_standby_names", "")
        try await retrying { _ = try await node.store.write([.create(record("after"))]) }
        await node.plugin.stop()
    }

    @Test("a node that stops does not wait for a commit that waits for a standby")
    func stoppedMeanwhile() async throws {
        let cluster = try PostgreSQLCluster()
        let node = try await started(try cluster.schema("one"), timeout: "1s")
        try await losingStandby(cluster, node.store)
        let begin = ContinuousClock.now
        await node.plugin.stop()
        #expect(ContinuousClock.now - begin < .seconds(20))
        try cluster.set("synchronous_standby_names", "")
    }

    @Test("after a failover to a synchronous standby, everything that was acknowledged is there, and once")
    func failover() async throws {
        let settings = ["fsync=on", "synchronous_commit=remote_apply"]
        var primary = try PostgreSQLCluster(settings)
        let url = try primary.schema("one")
        for round in 0..<3 {
            let standby = try PostgreSQLCluster(settings, standbyOf: primary)
            try primary.set("synchronous_standby_names", "*")
            try await Patience.wait {
                try primary.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
            }
            let hosts = url.replacing(/host=[^&]*/, with: "host=\(primary.folder),\(standby.folder)")
            let nodes = [try await started(hosts), try await started(hosts)]
            async let committed = PostgreSQLFailureTests.load(round, on: nodes.map(\.store))
            try await Task.sleep(for: .milliseconds(500 + round * 300))
            primary.stop(SIGKILL)
            try standby.sql("SELECT pg_promote()")
            try standby.set("synchronous_standby_names", "")
            let ids = await committed
            try await retrying { _ = try await nodes[0].store.write([.create(record("promoted \(round)"))]) }
            try await retrying { _ = try await nodes[1].store.read(StoreKey("a", "a")) }
            let found = try await nodes[1].store.read(ids.map { StoreKey("a", $0) })
            #expect(!ids.isEmpty && found.allSatisfy { $0 != nil }, "an acknowledged write is gone")
            for node in nodes { await node.plugin.stop() }
            primary = standby
        }
    }

    /// Creates records for two seconds.
    ///
    /// - Returns: The ids of those that were acknowledged.
    private static func load(_ round: Int, on nodes: [any Store]) async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let id = "\(round) \(number)"
                    try? await Task.sleep(for: .milliseconds(number * 5))
                    let new = StoreRecord(StoreKey("a", id), ["of": .string(id)], expiresAt: later)
                    return (try? await nodes[number % 2].write([.create(new)])) == .committed ? id : nil
                }
            }
            return await group.reduce(into: []) { if let id = $1 { $0.append(id) } }
        }
    }

    @Test("a statement that takes too long is ended by the server, and the connection is used again")
    func slow() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let node = try await started(try cluster.schema("slow"), timeout: "1s")
        let locked = Task.detached {
            try cluster.sql("BEGIN; LOCK TABLE tslow.grantor_record; SELECT pg_sleep(4); COMMIT")
        }
        try await retrying {
            guard try cluster.sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'") != "0" else {
                throw StoreError("not yet")
            }
        }
        let read = await message { _ = try await node.store.read(StoreKey("a", "a")) }
        #expect(read.contains("took longer than 'statement_timeout'") || read.contains("in time"), "\(read)")
        _ = try await locked.value
        try await retrying { _ = try await node.store.read(StoreKey("a", "a")) }
        await node.plugin.stop()
    }

    @Test("a database that becomes read-only is an error, until it can be written to again")
    func readOnly() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let database = try cluster.database("readonly")
        let node = try await started("postgresql://postgres@/\(database)?host=\(cluster.folder)")
        try cluster.sql("ALTER DATABASE \(database) SET default_transaction_read_only = on")
        try cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)'")
        try await retrying {
            let text = await message { _ = try await node.store.write([.create(record("a"))]) }
            guard text.contains("read-only") else { throw StoreError(text) }
        }
        try cluster.sql("ALTER DATABASE \(database) SET default_transaction_read_only = off")
        try await retrying { _ = try await node.store.write([.create(record("b"))]) }
        await node.plugin.stop()
    }

    @Test("prepared statements behind PgBouncer are an error that says what to set")
    func bouncer() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let database = try cluster.database("bouncer")
        let bouncer = try PgBouncer(cluster)
        let node = try await started(bouncer.url(database))
        var texts: Set<String> = []
        // PgBouncer opens other sessions instead of those that end, and nothing is prepared there. A connection on which this
        // is noticed by something else than the read is replaced, so one attempt may not be enough.
        try await Patience.wait {
            try cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)'")
            texts.insert(await message { _ = try await node.store.read(StoreKey("a", "a")) })
            return texts.contains { $0.contains("prepared") }
        }
        #expect(texts.contains { $0.contains("set 'prepared_statements: false'") }, "\(texts)")
        await node.plugin.stop()
    }
}
#endif
