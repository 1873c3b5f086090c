// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
@_spi(Host) import GrantKit
import ServerConfiguration

/// The configuration's store, opened for a command; a server may use it at the same time.
struct OpenStore {
    let store: CheckedStore
    let generation: Generation
    let composition: Composition

    /// Opens the store, runs the body and closes the store.
    ///
    /// - Parameters:
    ///   - option: The option that names the configuration.
    ///   - collections: The collections that the body reads or writes.
    ///   - isWhole: Whether to refuse a store into which only a part of a copy was loaded.
    ///   - check: Reports further problems before the store is opened.
    ///   - body: Uses the store.
    /// - Returns: The result of the body.
    /// - Throws: `Failure` with a message for the user of the command, or an exit status after printed diagnostics.
    static func with<Value>(
        _ option: ConfigurationOption, collections: [StoreCollection] = ServerCore.collections, isWhole: Bool = true,
        check: (Composition) -> Void = { _ in }, _ body: (OpenStore) async throws -> Value
    ) async throws -> Value {
        defer { LogWriter.standardError.flush() }
        let configured = try await ConfiguredStore.read(option, check: check)
        let (plugin, generation, store) = (configured.plugin, configured.generation, configured.store)
        do {
            try await plugin.registered.start()
            // An outbox of a plugin may write to the collections of the plugin.
            let marks = collections.contains(CopyMark.collection) ? [] : [CopyMark.collection]
            try await store.prepare(collections + marks + generation.capabilities.collections)
            if isWhole { try await CopyMark.check(store) }
            let open = OpenStore(store: store, generation: generation, composition: configured.composition)
            let value = try await body(open)
            await plugin.registered.stop()
            return value
        } catch {
            await plugin.registered.stop()
            switch error {
            case let error as DocumentRefusal: throw Failure(error.description)
            case let error as StoreError: throw Failure(error.message)
            case let error as ConfigurationError: throw Failure(error.message)
            default: throw error
            }
        }
    }
}
