// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
@_spi(Host) import GrantKit
import ServerConfiguration

/// The configuration's store before it is opened.
struct ConfiguredStore {
    let composition: Composition
    let generation: Generation
    let plugin: LoadedPlugin
    let store: CheckedStore

    /// Reads the configuration.
    ///
    /// - Parameters:
    ///   - option: The option that names the configuration.
    ///   - check: Reports further problems.
    /// - Returns: The store.
    /// - Throws: An exit status after printed diagnostics.
    static func read(
        _ option: ConfigurationOption, check: (Composition) -> Void = { _ in }
    ) async throws -> ConfiguredStore {
        let composition = await Composition.read(try ConfigurationFile(option.config))
        check(composition)
        guard !composition.diagnostics.hasErrors, let generation = composition.generation,
            let plugin = composition.plugins.first(where: { !$0.registered.registry.stores.isEmpty }),
            let store = plugin.registered.store
        else {
            composition.diagnostics.print()
            throw ExitCode(EX_CONFIG)
        }
        return ConfiguredStore(composition: composition, generation: generation, plugin: plugin, store: store)
    }

    /// Describes the store without opening it; nil if it cannot do that.
    ///
    /// - Throws: `Failure`.
    func inspect() async throws -> StoreInspection? {
        do {
            return try await store.portable?.inspect(at: SystemEnvironment().now)
        } catch let error as StoreError {
            throw Failure(error.message)
        }
    }
}
