// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit
import MemoryRecords

/// A store in memory, which is lost when the process ends: for tests.
struct MemoryStore: Plugin {
    static let manifest = PluginManifest(
        id: "memory-store", summary: "keeps everything in memory: for tests", specification: "")

    private let records = MemoryRecords()

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(store: records)
    }
}

/// The handshake that the server reads before it loads this library.
@c(memory_store_plugin_abi)
public func memoryStorePluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(memory_store_plugin_make)
public func memoryStorePluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(MemoryStore.self)
}
