// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of stores, and stores without one.
enum StoreMutants {
    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("in memory", FaultyStore.underTest { _ in }),
        ("in memory for as long as the process", lasting),
        ("does only what every store must", PlainStore.underTest),
        (
            "forgets what has expired at once",
            FaultyStore.underTest { store in
                store.writing = { writes, inner in
                    _ = try await inner.purge(expiredBefore: Timestamp(seconds: 1_700_000_000), limit: 100)
                    let outcome = try await inner.write(writes)
                    _ = try await inner.purge(expiredBefore: Timestamp(seconds: 1_700_000_000), limit: 100)
                    return outcome
                }
            }
        ),
    ]

    private static let files = Kept<[String: any Store]>([:])

    private static var lasting: PluginUnderTest {
        PluginUnderTest(ClosurePlugin.manifest, in: { ["path": .string($0)] }) { settings, _ in
            let path = try settings.read("path", example: "/tmp", "where the records are")
            files.change { if $0[path] == nil { $0[path] = TestHost().records } }
            var plugin = ClosurePlugin()
            if let store = files.value[path] { plugin.add = { $0.add(store: store) } }
            return plugin
        }
    }

    // MARK: with one

    static let all: [Mutant] = ofRecords + ofWrites + ofValues + ofPages + ofMany + ofChanges + CopyMutants.all + ofEnds

    static func mutant(
        _ fault: String, breaks rule: String, says: String,
        _ change: @escaping @Sendable (inout FaultyStore) -> Void
    ) -> Mutant {
        Mutant(fault, breaks: rule, says: says, FaultyStore.underTest(change))
    }

    private static let ofRecords: [Mutant] = [
        mutant("it loses values", breaks: "a record comes back as it was written", says: "written") { store in
            store.reading = { keys, inner in
                try await inner.read(keys).map { found in
                    found.map { record in
                        StoreRecord(record.key, [:], expiresAt: record.expiresAt)
                            .stored(version: record.version, isRedeemed: record.isRedeemed)
                    }
                }
            }
        },
        mutant(
            "it returns only what it found", breaks: "several keys are read at once, missing ones as nil", says: "found"
        ) { store in
            store.reading = { keys, inner in try await inner.read(keys).filter { $0 != nil } }
        },
        mutant(
            "an expired record is hidden, and still in the way",
            breaks: "an expired record is there until it is purged, also for a create", says: "reading it gave nil"
        ) { store in
            store.reading = { keys, inner in
                try await inner.read(keys).map { found in
                    found.flatMap { $0.expiresAt.seconds < 1_700_000_000 ? nil : $0 }
                }
            }
        },
        mutant(
            "a deleted record leaves its mark",
            breaks: "a record that was deleted and is created again is a new one", says: "is created again is"
        ) { store in
            let deleted = Kept<[StoreKey]>([])
            store.writing = { writes, inner in
                for case .delete(let key) in writes { deleted.change { $0.append(key) } }
                return try await inner.write(writes)
            }
            store.reading = { keys, inner in
                try await inner.read(keys).map { found in
                    found.map { record in
                        guard deleted.value.contains(record.key) else { return record }
                        return record.stored(version: record.version + 1, isRedeemed: true)
                    }
                }
            }
        },
        mutant(
            "a counter never starts again",
            breaks: "a counter counts every call, and starts again once it has expired", says: "continued with"
        ) { store in
            store.counting = { key, end, _, inner in
                try await inner.increment(key, expiresAt: end, now: Timestamp(seconds: .min))
            }
        },
        mutant(
            "a purge ignores its limit",
            breaks: "purging removes what has expired, at most the limit, and nothing else",
            says: "with a limit of 3 it removed"
        ) { store in
            store.purging = { moment, _, inner in try await inner.purge(expiredBefore: moment, limit: 1000) }
        },
        mutant(
            "an index keeps its first value",
            breaks: "an index follows its record when that is replaced or deleted", says: "by the old value"
        ) { store in
            let first = Kept<[StoreKey: String]>([:])
            store.writing = { writes, inner in
                for case .create(let record) in writes { first.change { $0[record.key] = record.indexes["owner"] } }
                return try await inner.write(writes)
            }
            store.finding = { query, inner in
                try await inner.page(query.collection, after: nil, limit: 1000)
                    .filter { first.value[$0.key] == query.value }
            }
        },
    ]

    private static let ofWrites: [Mutant] = [
        mutant(
            "a create replaces", breaks: "creating what exists conflicts and returns what exists",
            says: "expected a conflict"
        ) { store in
            store.writing = { writes, inner in
                for case .create(let record) in writes { _ = try await inner.write([.delete(record.key)]) }
                return try await inner.write(writes)
            }
        },
        mutant(
            "it ignores the version", breaks: "replacing needs the version that was read", says: "expected a conflict"
        ) { store in
            store.writing = { writes, inner in
                var current: [StoreWrite] = []
                for write in writes {
                    if case .replace(let record, _) = write, let found = try await inner.read(record.key) {
                        current.append(.replace(record, ifVersion: found.version))
                    } else {
                        current.append(write)
                    }
                }
                return try await inner.write(current)
            }
        },
        mutant(
            "it deletes what is redeemed", breaks: "redeeming works once and keeps the record", says: "found nil"
        ) { store in
            store.writing = { writes, inner in
                var changed: [StoreWrite] = []
                for write in writes {
                    if case .redeem(let key) = write, try await inner.read(key) != nil {
                        changed.append(.delete(key))
                    } else {
                        changed.append(write)
                    }
                }
                return try await inner.write(changed)
            }
        },
        mutant(
            "replacing makes a new record", breaks: "a record that was replaced is still redeemed",
            says: "can be redeemed again"
        ) { store in
            store.writing = { writes, inner in
                guard case .replace(let record, _) = writes.first else { return try await inner.write(writes) }
                _ = try await inner.write([.delete(record.key)])
                return try await inner.write([.create(record)])
            }
        },
        mutant(
            "it redeems what is not there",
            breaks: "redeeming a record that does not exist conflicts without a record", says: "got committed"
        ) { store in
            store.writing = { writes, inner in
                guard case .redeem(let key) = writes.first, try await inner.read(key) == nil else {
                    return try await inner.write(writes)
                }
                return .committed
            }
        },
        mutant(
            "it ignores absent", breaks: "absent refuses what exists and writes nothing", says: "expected a conflict"
        ) { store in
            store.writing = { writes, inner in
                try await inner.write(writes.filter { if case .absent = $0 { false } else { true } })
            }
        },
        mutant(
            "a deletion needs a record", breaks: "deleting a record that does not exist is not a conflict",
            says: "must be committed"
        ) { store in
            store.writing = { writes, inner in
                for (place, write) in writes.enumerated() {
                    if case .delete(let key) = write, try await inner.read(key) == nil {
                        return .conflict(write: place, found: nil)
                    }
                }
                return try await inner.write(writes)
            }
        },
        mutant(
            "it writes one after another", breaks: "after a conflict, none of the writes is in the store",
            says: "left behind"
        ) { store in
            store.writing = { writes, inner in
                for (place, write) in writes.enumerated() {
                    if case .conflict(_, let found) = try await inner.write([write]) {
                        return .conflict(write: place, found: found)
                    }
                }
                return .committed
            }
        },
    ]

    private static let ofValues: [Mutant] = [
        mutant(
            "it drops members without a value", breaks: "values keep every kind of JSON and every character",
            says: "written"
        ) { store in
            store.writing = { writes, inner in
                try await inner.write(
                    writes.map { write in
                        guard case .create(var record) = write else { return write }
                        record.value = .object(record.value.members.filter { $0.value != .null })
                        return .create(record)
                    })
            }
        },
        mutant(
            "it compares ids by Unicode", breaks: "keys and indexes that only look alike are different",
            says: "the record of another key is read"
        ) { store in
            let spellings = Kept<[String: String]>([:])
            rename(&store) { id in
                spellings.change { if $0[id] == nil { $0[id] = id } }
                return spellings.value[id] ?? id
            }
        },
        mutant(
            "ids end at NUL", breaks: "strange keys, values and indexes come back as they were written",
            says: "must be committed"
        ) { store in
            rename(&store) { id in String(decoding: id.utf8.prefix { $0 != 0 }, as: UTF8.self) }
        },
        mutant(
            "times have 32 bits", breaks: "the largest and the smallest numbers and times come back", says: "is read as"
        ) { store in
            store.writing = { writes, inner in
                try await inner.write(
                    writes.map { write in
                        guard case .create(var record) = write else { return write }
                        record.expiresAt = Timestamp(
                            seconds: Int64(UInt32(truncatingIfNeeded: record.expiresAt.seconds)))
                        return .create(record)
                    })
            }
        },
    ]

    /// Keeps records under other ids.
    private static func rename(_ store: inout FaultyStore, _ id: @escaping @Sendable (String) -> String) {
        store.writing = { writes, inner in
            try await inner.write(
                writes.map { write in
                    guard case .create(var record) = write else { return write }
                    record.key.id = id(record.key.id)
                    return .create(record)
                })
        }
        store.reading = { keys, inner in try await inner.read(keys.map { StoreKey($0.collection, id($0.id)) }) }
    }

    private static let ofPages: [Mutant] = [
        mutant(
            "each page of an index is the first",
            breaks: "records are found by index, page by page, in the order of their keys", says: "found"
        ) { store in
            store.finding = { query, inner in try await query.with { $0.after = nil }.run(in: inner) }
        },
        mutant(
            "a collection is in the order of the alphabet",
            breaks: "a collection is read page by page, in the order of the bytes of its ids", says: "in pages of"
        ) { store in
            store.paging = { query, inner in
                let all = try await inner.page(query.collection, after: nil, limit: 10_000)
                let sorted = all.sorted { $0.key.id < $1.key.id }
                let rest = sorted.drop { record in query.after.map { !($0.id < record.key.id) } ?? false }
                return Array(rest.prefix(query.limit))
            }
        },
        mutant(
            "a page needs the key before it",
            breaks: "a page begins after a key that is no longer there, or after all keys", says: "after 'A' found"
        ) { store in
            store.paging = { query, inner in
                if let after = query.after, try await inner.read(after) == nil { return [] }
                return try await query.run(in: inner)
            }
        },
        mutant(
            "pages have no redeemed records", breaks: "the pages of a collection follow its records", says: "found"
        ) { store in
            store.paging = { query, inner in try await query.run(in: inner).filter { !$0.isRedeemed } }
        },
        mutant(
            "pages are counted",
            breaks: "what is written between two pages neither hides a record nor repeats it",
            says: "pages of a collection had"
        ) { store in
            let places = Kept<[String: Int]>([:])
            store.paging = { query, inner in
                let start = query.after.flatMap { places.value[$0.id] } ?? 0
                let all = try await inner.page(query.collection, after: nil, limit: 10_000)
                let page = Array(all.dropFirst(start).prefix(query.limit))
                if let last = page.last { places.change { $0[last.key.id] = start + page.count } }
                return page
            }
        },
        mutant(
            "zero means no limit", breaks: "a limit of one gives one record, and a limit of zero none",
            says: "with the limit 0"
        ) { store in
            store.paging = { query, inner in
                try await query.with { $0.limit = $0.limit == 0 ? 1000 : $0.limit }.run(in: inner)
            }
        },
    ]

    private static let ofMany: [Mutant] = [
        mutant(
            "it reads 999 keys at most", breaks: "2,000 keys are read and written in one call", says: "too many keys"
        ) { store in
            store.reading = { keys, inner in
                guard keys.count <= 999 else { throw StoreError("too many keys") }
                return try await inner.read(keys)
            }
        },
        mutant(
            "it writes in batches",
            breaks: "after a conflict in the last of 2,000 writes, none is in the store", says: "no conflict named"
        ) { store in
            store.writing = { writes, inner in
                for start in stride(from: 0, to: writes.count, by: 500) {
                    let batch = Array(writes[start...].prefix(500))
                    if case .conflict(let place, let found) = try await inner.write(batch) {
                        return .conflict(write: start + place, found: found)
                    }
                }
                return .committed
            }
        },
        mutant(
            "it finds a thousand at most", breaks: "2,000 records are found in one page, and purged in one call",
            says: "a page for 2,001 holds 1000"
        ) { store in
            store.finding = { query, inner in try await query.with { $0.limit = min($0.limit, 1000) }.run(in: inner) }
        },
        mutant(
            "a collection ends after 1,500",
            breaks: "a collection of 2,000 records is read in one page, and in pages of 7", says: "of 2,000"
        ) { store in
            store.paging = { query, inner in
                let all = try await inner.page(query.collection, after: nil, limit: 1500)
                let rest = all.drop { record in
                    query.after.map { !$0.id.utf8.lexicographicallyPrecedes(record.key.id.utf8) } ?? false
                }
                return Array(rest.prefix(query.limit))
            }
        },
        mutant(
            "it looks before it redeems",
            breaks: "of a hundred writes at once that exclude each other, one is committed",
            says: "redeemed one record"
        ) { store in
            store.writing = { writes, inner in
                guard case .redeem(let key) = writes.first else { return try await inner.write(writes) }
                let found = try await inner.read(key)
                guard let found, !found.isRedeemed else { return .conflict(write: 0, found: found) }
                await Race.meet()
                _ = try await inner.write([.redeem(key)])
                return try await inner.write(Array(writes.dropFirst()))
            }
        },
        mutant(
            "it reads one after another", breaks: "records that are read together were together in the store",
            says: "always written together"
        ) { store in
            // As if the last write always came between the first key and the second.
            let former = Kept<[StoreKey: StoreRecord]>([:])
            store.writing = { writes, inner in
                for case .replace(let record, _) in writes {
                    let found = try await inner.read(record.key)
                    former.change { $0[record.key] = found }
                }
                return try await inner.write(writes)
            }
            store.reading = { keys, inner in
                var found = try await inner.read(keys)
                if keys.count > 1, let first = former.value[keys[0]] { found[0] = first }
                return found
            }
        },
    ]

    private static let ofChanges: [Mutant] = [
        mutant(
            "it reports everything",
            breaks: "what changes in a followed collection is reported in order, and nothing else",
            says: "not followed"
        ) { store in
            store.preparing = { collections, inner in
                try await inner.prepare(
                    collections.map { collection in
                        var collection = collection
                        collection.isFollowed = true
                        return collection
                    })
            }
        },
        mutant(
            "a page of changes ends at the last of all", breaks: "changes are reported page by page", says: "are"
        ) { store in
            store.changing = { position, limit, inner in
                let found = try await inner.changes(after: position, limit: limit, within: .zero)
                let last = try await inner.changes(after: nil, limit: 1, within: .zero)
                return found.map { StoreChanges($0.keys, position: $0.keys.isEmpty ? $0.position : last?.position) }
            }
        },
        mutant(
            "a position is taken after the changes were read",
            breaks: "no change is passed over while many write at once", says: "were reported"
        ) { store in
            let hasLost = Kept(false)
            store.changing = { position, limit, inner in
                let found = try await inner.changes(after: position, limit: limit, within: .zero)
                guard let found, !found.keys.isEmpty, !hasLost.value else { return found }
                hasLost.change { $0 = true }
                return StoreChanges(Array(found.keys.dropLast()), position: found.position)
            }
        },
        mutant(
            "every position is the last", breaks: "a position of another store is not known", says: "no position"
        ) { store in
            store.changing = { position, limit, inner in
                let found = try await inner.changes(after: position, limit: limit, within: .zero)
                guard let found, found.position == nil else { return found }
                return try await inner.changes(after: nil, limit: limit, within: .zero)
            }
        },
        Mutant(
            "it reports only what it has written itself", breaks: "what another instance changes is reported",
            says: "reported", deaf),
    ]

    /// Instances on shared records, each of which knows only its own changes.
    private static var deaf: PluginUnderTest {
        let files = Kept<[String: any Store]>([:])
        return PluginUnderTest(ClosurePlugin.manifest, in: { ["path": .string($0)] }) { settings, _ in
            let path = try settings.read("path", example: "/tmp", "where the records are")
            files.change { if $0[path] == nil { $0[path] = TestHost().records } }
            let shared = files.value[path] ?? TestHost().records
            var store = FaultyStore()
            store.reading = { keys, _ in try await shared.read(keys) }
            store.writing = { writes, inner in
                let outcome = try await shared.write(writes)
                if outcome == .committed { _ = try await inner.write(writes) }
                return outcome
            }
            var plugin = ClosurePlugin()
            plugin.add = { [store] in $0.add(store: store) }
            return plugin
        }
    }

    private static let ofEnds: [Mutant] = [
        Mutant(
            "it forgets, and does not say so", breaks: "what was committed is there when the plugin starts again",
            says: "says so with forgetting()", FaultyStore.lasting { _ in }),
        mutant(
            "preparing empties a collection", breaks: "a collection can be prepared again, and with another index",
            says: "after it was prepared again"
        ) { store in
            store.preparing = { collections, inner in
                for collection in collections {
                    for record in try await inner.page(collection.name, after: nil, limit: 100) {
                        _ = try await inner.write([.delete(record.key)])
                    }
                }
            }
        },
        mutant(
            "an unknown collection is an error of its own", breaks: "a collection in which nobody has written is empty",
            says: "OwnError"
        ) { store in
            store.reading = { keys, inner in
                guard keys.allSatisfy({ $0.collection == "test" }) else { throw Faults.OwnError() }
                return try await inner.read(keys)
            }
        },
        mutant(
            "a cancelled write ends in the middle", breaks: "a cancelled write is made as a whole or not at all",
            says: "one is in the store"
        ) { store in
            store.writing = { writes, inner in
                guard Task.isCancelled, let first = writes.first else { return try await inner.write(writes) }
                _ = try await inner.write([first])
                throw CancellationError()
            }
        },
    ]
}
