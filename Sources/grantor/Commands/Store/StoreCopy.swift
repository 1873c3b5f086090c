// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
@_spi(Host) import GrantKit
import ServerConfiguration

/// What `grantor store export` and `grantor store backup` have in common.
struct StoreCopy {
    let open: OpenStore
    let kind: CopyHeader.Kind

    private var header: CopyHeader {
        let plugins = open.composition.plugins.filter(\.registered.registry.stores.isEmpty).map(\.entry.id)
        return CopyHeader(
            kind, of: open.composition.configuration.issuer, at: SystemEnvironment().now, plugins: plugins.sorted(),
            collections: open.collections, server: serverVersion)
    }

    /// Writes the copy.
    ///
    /// - Parameters:
    ///   - destination: Where it is written to.
    ///   - passphrase: What seals it; nil for a copy that is not sealed.
    /// - Throws: `Failure`, `StoreError`, `CryptographyError`.
    func write(to destination: CopyDestination, sealedWith passphrase: Secret?) async throws {
        let start = ContinuousClock.now
        let reading = try await StoreReading(open.store, open.collections)
        do {
            let writer = try CopyWriter(header, to: destination, sealedWith: passphrase)
            while case let items = try await reading.next(), !items.isEmpty {
                try writer.add(items.filter(StoreReading.isCopied))
            }
            if kind == .export { try await open.refuseServers() }
            try writer.finish()
            await reading.close()
            let seconds = (ContinuousClock.now - start).components.seconds
            destination.report("copied \(writer.count) records and counters in \(seconds) s")
        } catch {
            await reading.close()
            throw error
        }
    }
}
