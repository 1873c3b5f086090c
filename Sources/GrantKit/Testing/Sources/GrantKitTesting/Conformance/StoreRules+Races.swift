// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    static func races(_ store: any Store) async throws {
        try await commit(store, .create(record("redeemed")), .create(record("replaced", 0)))
        let created = try await committed { try await store.write([.create(record("created", .integer($0)))]) }
        try expect(created == 1, "\(created) of \(Many.count) created one record")
        let redeemed = try await committed { number in
            try await store.write([.redeem(key("redeemed")), .create(record("w\(number)"))])
        }
        try expect(redeemed == 1, "\(redeemed) of \(Many.count) redeemed one record")
        let replaced = try await committed { number in
            try await store.write([.replace(record("replaced", .integer(number)), ifVersion: 1)])
        }
        try expect(replaced == 1, "\(replaced) of \(Many.count) replaced one version of a record")
        let kept = try await store.page("test", after: nil, limit: 1000)
        let followers = kept.count - 3
        try expect(followers == 1, "of \(Many.count) writes that follow a redemption, \(followers) were committed")
    }

    /// Makes a hundred writes at once.
    ///
    /// - Returns: How many of them were committed.
    private static func committed(
        _ write: @escaping @Sendable (Int64) async throws -> WriteOutcome
    ) async throws -> Int {
        try await Many.atOnce { number in try await write(Int64(number)) == .committed }.count { $0 }
    }

    /// Moves one unit between two records, while others read both.
    static func readsOneView(_ store: any Store) async throws {
        try await commit(store, .create(record("left", 100)), .create(record("right", 0)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in Int64(1)...100 {
                    try await commit(
                        store, .replace(record("left", .integer(100 - number)), ifVersion: number),
                        .replace(record("right", .integer(number)), ifVersion: number))
                    try await readBoth(store)
                    // Lets the readers run in between, also where there is one processor.
                    for _ in 0..<4 { await Task.yield() }
                }
            }
            for _ in 0..<4 { group.addTask { for _ in 0..<100 { try await readBoth(store) } } }
            try await group.waitForAll()
        }
    }

    private static func readBoth(_ store: any Store) async throws {
        let both = try await store.read([key("left"), key("right")])
        let sum = both.reduce(Int64(0)) { $0 + ($1?.value.integer ?? 0) }
        try expect(sum == 100, "two records that are always written together were read as \(both)")
        await Task.yield()
    }

    static func cancelled(_ store: any Store) async throws {
        for number in 0..<20 {
            let ids = ["a\(number)", "b\(number)"]
            let outcome = await cancelled(inMidst: number % 2 == 1) {
                try await store.write(ids.map { .create(record($0)) })
            }
            let found = try await store.read(ids.map(key)).compactMap(\.self)
            try expect(found.count != 1, "of two writes that were committed together, one is in the store")
            let isTrue = outcome == nil || found.count == 2
            try expect(isTrue, "it reported \(outcome as Any), and committed \(found.count)")
        }
        try await commit(store, .create(record("after")))
    }

    /// Cancels a write before it begins, or at any time.
    private static func cancelled(
        inMidst: Bool, _ write: @escaping @Sendable () async throws -> WriteOutcome
    ) async -> WriteOutcome? {
        guard inMidst else { return await CancelledTask.result(write) }
        let task = Task { try await write() }
        task.cancel()
        return try? await task.value
    }
}
