// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
import GrantKitTesting
import SQLiteStore
import Support
import Testing

@Suite("The store's contract", .timeLimit(.minutes(10)))
struct StoreConformanceTests {
    static let checks = StoreConformance.checks

    @Test("memory-store", arguments: checks)
    func memory(_ check: ConformanceCheck<any Store>) async throws {
        let store = try Stores.make(Plugins.memoryStore)
        try await StoreConformance.prepare(store.store)
        try await check.run(store.store)
    }

    @Test("sqlite-store", arguments: checks)
    func sqlite(_ check: ConformanceCheck<any Store>) async throws {
        try await Stores.withFile { path in
            let store = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await store.plugin.start()
            try await StoreConformance.prepare(store.store)
            try await check.run(store.store)
            await store.plugin.stop()
        }
    }
}

/// Creates stores from linked plugins.
enum Stores {
    static let sqlite = Plugins.type(sqliteStorePluginMake)

    static func make(_ type: any Plugin.Type, _ settings: JSON = [:]) throws -> (plugin: any Plugin, store: any Store) {
        let plugin = try type.init(settings: Settings(RecordedSettings(settings)), host: NoHost())
        var registry = Registry()
        try plugin.register(in: &registry)
        return (plugin, try #require(registry.stores.first))
    }

    static func withFile(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appendingPathComponent("store/grantor.db").path)
    }
}

final class RecordedSettings: SettingsSource {
    let members: JSON
    init(_ members: JSON) { self.members = members }
    func value(of declaration: SettingDeclaration) -> JSON? { members[declaration.key] }
    func report(_ problem: String, at key: String) {}
    func declare(_ attribute: AttributeDeclaration) {}
}
