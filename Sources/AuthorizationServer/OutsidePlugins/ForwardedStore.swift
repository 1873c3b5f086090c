// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A store of a plugin from outside; one that does not answer in time counts as a failed store.
struct ForwardedStore: Store {
    private let inner: any Store
    private let threads: PluginThreads

    init(_ inner: any Store, on threads: PluginThreads) {
        self.inner = inner
        self.threads = threads
    }

    /// The store as commands copy it, which run nothing else meanwhile; nil if it cannot be copied exactly.
    var portable: (any PortableStore)? { inner as? any PortableStore }

    private func call<Value: Sendable>(
        _ name: String, within limit: Duration? = nil, _ body: @escaping @Sendable (any Store) async throws -> Value
    ) async throws -> Value {
        do {
            return try await threads.call(name, within: limit) { [inner] in try await body(inner) }
        } catch let error as PluginUnavailable {
            throw StoreError(error.description)
        }
    }

    func prepare(_ collections: [StoreCollection]) async throws {
        try await call("prepare", within: threads.deadlines.start) { try await $0.prepare(collections) }
    }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        try await call("read") { try await $0.read(keys) }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try await call("write") { try await $0.write(writes) }
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await call("find") {
            try await $0.find(collection, by: index, equals: value, after: after, limit: limit)
        }
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await call("page") { try await $0.page(collection, after: after, limit: limit) }
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try await call("increment") { try await $0.increment(key, expiresAt: expiresAt, now: now) }
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await call("purge") { try await $0.purge(expiredBefore: moment, limit: limit) }
    }

    func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        try await call("changes") { try await $0.changes(after: position, limit: limit, within: patience) }
    }
}
