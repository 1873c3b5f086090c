// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of stores that are copied.
enum CopyMutants {
    static let all: [Mutant] = [
        StoreMutants.mutant(
            "a snapshot has no counters", breaks: "a snapshot has every record and every counter once", says: "has 701"
        ) { store in
            store.copying = { inner in
                ChangedSnapshot {
                    try await inner.snapshot()
                } change: { items in
                    items.filter { if case .record = $0 { true } else { false } }
                }
            }
        },
        StoreMutants.mutant(
            "a snapshot begins with its first page",
            breaks: "a snapshot is the store at one moment, whatever is written later", says: "other items"
        ) { store in
            store.copying = { inner in
                ChangedSnapshot {
                    try await inner.snapshot()
                } change: {
                    $0
                }
            }
        },
        StoreMutants.mutant(
            "versions begin again", breaks: "what was loaded comes back as it was in another store",
            says: "not as they were loaded"
        ) { store in
            store.loading = { items, mark, inner in
                try await inner.load(
                    items.map { item in
                        guard case .record(let record) = item else { return item }
                        return .record(record.stored(version: 1, isRedeemed: record.isRedeemed))
                    }, moving: mark)
            }
        },
        StoreMutants.mutant(
            "what is loaded is in no index", breaks: "what was loaded works like what was written",
            says: "not found by its index"
        ) { store in
            let loaded = Kept<[StoreKey]>([])
            store.loading = { items, mark, inner in
                for case .record(let record) in items { loaded.change { $0.append(record.key) } }
                return try await inner.load(items, moving: mark)
            }
            store.finding = { query, inner in
                try await query.run(in: inner).filter { !loaded.value.contains($0.key) }
            }
        },
        StoreMutants.mutant(
            "a load takes any mark", breaks: "a load whose mark has moved writes nothing", says: "version of its mark"
        ) { store in
            store.loading = { items, mark, inner in
                let found = try await inner.read(mark.key)
                return try await inner.load(items, moving: found ?? mark)
            }
        },
        StoreMutants.mutant(
            "a load writes one item after another", breaks: "a load with an entry that exists writes nothing",
            says: "has written"
        ) { store in
            store.loading = { items, mark, inner in
                var mark = mark
                for item in items {
                    guard try await inner.load([item], moving: mark) else { return false }
                    mark = mark.stored(version: mark.version + 1, isRedeemed: false)
                }
                return true
            }
        },
        StoreMutants.mutant(
            "a load is no new beginning", breaks: "after a load, no position from before is known",
            says: "must not be known"
        ) { store in
            store.changing = { position, limit, inner in
                let found = try await inner.changes(after: position, limit: limit, within: .zero)
                guard let found, found.position == nil else { return found }
                return try await inner.changes(after: nil, limit: limit, within: .zero)
            }
        },
        StoreMutants.mutant(
            "nothing ever expires", breaks: "an inspection counts what there is, and what has expired",
            says: "are counted as"
        ) { store in
            store.inspecting = { _, inner in try await inner.inspect(at: Timestamp(seconds: .min)) }
        },
    ]
}

/// A snapshot that begins with its first page, and whose items are changed.
private final class ChangedSnapshot: StoreSnapshot {
    private let begin: @Sendable () async throws -> any StoreSnapshot
    private let change: @Sendable ([StoreItem]) -> [StoreItem]
    private let begun = Kept<(any StoreSnapshot)?>(nil)

    init(
        _ begin: @escaping @Sendable () async throws -> any StoreSnapshot,
        change: @escaping @Sendable ([StoreItem]) -> [StoreItem]
    ) {
        (self.begin, self.change) = (begin, change)
    }

    func next() async throws -> [StoreItem] {
        if begun.value == nil {
            let snapshot = try await begin()
            begun.change { $0 = snapshot }
        }
        return change(try await begun.value?.next() ?? [])
    }

    func close() async {
        await begun.value?.close()
    }
}
