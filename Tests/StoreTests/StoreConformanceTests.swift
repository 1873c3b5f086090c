// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
import GrantKitTesting
import SQLiteStore
import Support
import Testing

@Suite("The server's stores keep the rules of the kit", .timeLimit(.minutes(10)))
struct StoreConformanceTests {
    private static let memoryStore = PluginUnderTest(Plugins.memoryStore).forgetting()

    @Test("memory-store", arguments: memoryStore.checks)
    func memory(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let sqliteStore = PluginUnderTest(Stores.sqlite) { ["path": .string("\($0)/store/grantor.db")] }

    @Test("sqlite-store", arguments: sqliteStore.checks)
    func sqlite(_ check: PluginCheck) async throws {
        try await check.run()
    }
}

/// Creates stores from linked plugins.
enum Stores {
    static let sqlite = Plugins.type(sqliteStorePluginMake)
    #if POSTGRESQL
    static let postgreSQL = Plugins.postgresStore
    #endif

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
