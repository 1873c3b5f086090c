// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import ServerConfiguration

/// The store of a configuration, open for a command; a server may run on it meanwhile.
struct OpenStore {
    let store: any Store
    let generation: Generation
    let composition: Composition

    /// Opens the store, does something with it, and closes it.
    ///
    /// - Parameters:
    ///   - option: Names the configuration.
    ///   - collections: What is read or written.
    ///   - check: Reports what else must be right before the store is opened.
    ///   - body: What is done.
    /// - Returns: What it gives.
    /// - Throws: `Failure` with a sentence for whoever runs the command.
    static func with<Value>(
        _ option: ConfigurationOption, collections: [StoreCollection] = ServerCore.collections,
        check: (Composition) -> Void = { _ in }, _ body: (OpenStore) async throws -> Value
    ) async throws -> Value {
        defer { LogWriter.standardError.flush() }
        let composition = Composition.read(try ConfigurationFile(option.config))
        check(composition)
        guard !composition.diagnostics.hasErrors, let generation = composition.generation,
            let plugin = composition.plugins.first(where: { !$0.registered.registry.stores.isEmpty }),
            let store = plugin.registered.store
        else {
            composition.diagnostics.print()
            throw ExitCode(EX_CONFIG)
        }
        do {
            try await plugin.registered.start()
            try await store.prepare(collections)
            let value = try await body(OpenStore(store: store, generation: generation, composition: composition))
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
