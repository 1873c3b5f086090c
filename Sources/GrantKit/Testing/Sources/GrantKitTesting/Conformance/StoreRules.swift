// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for stores.
///
/// Each check has a store in a folder of its own, which is empty at first. A store on another server takes the path of
/// the folder for the name of a database or for the beginning of its keys.
enum StoreRules {
    static let all: [Rule] = ofRecords + ofPages + ofMany + ofChanges + ofCopies + ofEnds

    private static let ofRecords: [Rule] = [
        Rule(.store, "a record comes back as it was written", with(comesBack)),
        Rule(.store, "several keys are read at once, missing ones as nil", with(readsSeveral)),
        Rule(.store, "creating what exists conflicts and returns what exists", with(createConflicts)),
        Rule(.store, "replacing needs the version that was read", with(replaceNeedsVersion)),
        Rule(.store, "redeeming works once and keeps the record", with(redeemsOnce)),
        Rule(.store, "a record that was replaced is still redeemed", with(staysRedeemed)),
        Rule(.store, "redeeming a record that does not exist conflicts without a record", with(redeemGone)),
        Rule(.store, "absent refuses what exists and writes nothing", with(absent)),
        Rule(.store, "deleting a record that does not exist is not a conflict", with(deletes)),
        Rule(.store, "a record that was deleted and is created again is a new one", with(createsAnew)),
        Rule(.store, "after a conflict, none of the writes is in the store", with(atomic)),
        Rule(.store, "an index follows its record when that is replaced or deleted", with(indexFollows)),
        Rule(.store, "a counter counts every call, and starts again once it has expired", with(counts)),
        Rule(.store, "purging removes what has expired, at most the limit, and nothing else", with(purges)),
        Rule(.store, "an expired record is there until it is purged, also for a create", with(expires)),
        Rule(.store, "values keep every kind of JSON and every character", with(keepsValues)),
        Rule(.store, "keys and indexes that only look alike are different", with(comparesBytes)),
        Rule(.store, "strange keys, values and indexes come back as they were written", with(keepsStrange)),
        Rule(.store, "the largest and the smallest numbers and times come back", with(keepsExtremes)),
    ]

    private static let ofPages: [Rule] = [
        Rule(.store, "records are found by index, page by page, in the order of their keys", with(finds)),
        Rule(.store, "a collection is read page by page, in the order of the bytes of its ids", with(pages)),
        Rule(.store, "a page begins after a key that is no longer there, or after all keys", with(pagesAfterGone)),
        Rule(.store, "the pages of a collection follow its records", with(pagesFollow)),
        Rule(.store, "what is written between two pages neither hides a record nor repeats it", with(pagesBetween)),
        Rule(.store, "a limit of one gives one record, and a limit of zero none", with(limits)),
    ]

    private static let ofMany: [Rule] = [
        Rule(.store, "2,000 keys are read and written in one call", with(takesMany)),
        Rule(.store, "after a conflict in the last of 2,000 writes, none is in the store", with(refusesMany)),
        Rule(.store, "2,000 records are found in one page, and purged in one call", with(findsMany)),
        Rule(.store, "a collection of 2,000 records is read in one page, and in pages of 7", with(pagesMany)),
        Rule(.store, "of a hundred writes at once that exclude each other, one is committed", with(races)),
        Rule(.store, "records that are read together were together in the store", with(readsOneView)),
    ]

    /// For stores that say what has changed; the others pass.
    private static let ofChanges: [Rule] = [
        Rule(
            .store, "what changes in a followed collection is reported in order, and nothing else",
            with(reportsChanges)),
        Rule(.store, "changes are reported page by page", with(pagesChanges)),
        Rule(.store, "no change is passed over while many write at once", with(reportsAll)),
        Rule(.store, "a position of another store is not known", with(refusesPositions)),
        Rule(.store, "what another instance changes is reported", reportsOthers),
    ]

    /// For stores that are portable; the others pass.
    private static let ofCopies: [Rule] = [
        Rule(.store, "a snapshot has every record and every counter once", with(copiesAll)),
        Rule(.store, "a snapshot is the store at one moment, whatever is written later", with(copiesOneMoment)),
        Rule(.store, "what was loaded comes back as it was in another store", with(loadsExactly)),
        Rule(.store, "what was loaded works like what was written", with(loadsForUse)),
        Rule(.store, "a load whose mark has moved writes nothing", with(loadsByMark)),
        Rule(.store, "a load with an entry that exists writes nothing", with(loadsAtOnce)),
        Rule(.store, "after a load, no position from before is known", with(loadsAnew)),
        Rule(.store, "an inspection counts what there is, and what has expired", with(inspects)),
    ]

    private static let ofEnds: [Rule] = [
        Rule(.store, "what was committed is there when the plugin starts again", restarts),
        Rule(.store, "a collection can be prepared again, and with another index", with(preparesAgain)),
        Rule(.store, "a collection in which nobody has written is empty", with(unknown)),
        Rule(.store, "a cancelled write is made as a whole or not at all", with(cancelled)),
    ]

    // MARK: what checks share

    static let now = Timestamp(seconds: 1_800_000_000)
    static let later = Timestamp(seconds: 1_900_000_000)

    static func key(_ id: String) -> StoreKey { StoreKey("test", id) }

    static func record(_ id: String, _ value: JSON = [:], _ indexes: [String: String] = [:]) -> StoreRecord {
        StoreRecord(key(id), value, expiresAt: later, indexes: indexes)
    }

    static func commit(_ store: any Store, _ writes: StoreWrite...) async throws {
        let outcome = try await store.write(writes)
        try expect(outcome == .committed, "writes whose conditions hold must be committed, but: \(outcome)")
    }

    /// The records with some ids, of which there is one for each.
    static func read(_ store: any Store, _ ids: String...) async throws -> [StoreRecord?] {
        let found = try await store.read(ids.map(key))
        try expect(found.count == ids.count, "reading \(ids.count) keys returned \(found.count) results")
        return found
    }

    /// Makes a check of an empty store a check of its plugin.
    private static func with(
        _ check: @escaping @Sendable (any Store) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            try await subject.run { plugin in try await check(try await prepared(plugin)) }
        }
    }

    /// The store of a plugin that has started, with the collections of the checks.
    static func prepared(_ plugin: TestPlugin) async throws -> any Store {
        guard let store = plugin.registry.stores.first else {
            throw ConformanceFailure("the plugin no longer adds a store when it is made again")
        }
        var followed = StoreCollection("followed")
        followed.isFollowed = true
        try await store.prepare([
            StoreCollection("test", indexes: ["owner"]), StoreCollection("relaxed", durability: .relaxed), followed,
        ])
        return store
    }
}
