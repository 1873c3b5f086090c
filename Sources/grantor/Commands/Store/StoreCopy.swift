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

    /// Writes the copy, and records that.
    ///
    /// - Parameters:
    ///   - destination: Where it is written to.
    ///   - path: How the user has named that.
    ///   - passphrase: What seals it; nil for a copy that is not sealed.
    /// - Throws: `Failure`, `StoreError`, `CryptographyError`.
    func write(to destination: CopyDestination, at path: String, sealedWith passphrase: Secret?) async throws {
        let events = CommandEvents(open.generation)
        let (start, isExport) = (ContinuousClock.now, kind == .export)
        let count = try await open.recording(events) {
            let count = try await copy(to: destination, sealedWith: passphrase)
            let details: JSON = [
                "change": isExport ? "exported" : "backed_up", "file": .string(path),
                "sealed": .bool(passphrase != nil), "records": .integer(Int64(count)),
            ]
            events.record(Event(.storeCopied, details: details))
            return count
        }
        let seconds = (ContinuousClock.now - start).components.seconds
        destination.report("copied \(count) records and counters in \(seconds) s")
    }

    private func copy(to destination: CopyDestination, sealedWith passphrase: Secret?) async throws -> Int {
        let reading = try await StoreReading(open.store, open.collections)
        do {
            let writer = try CopyWriter(header, to: destination, sealedWith: passphrase)
            while case let items = try await reading.next(), !items.isEmpty {
                try writer.add(items.filter(StoreReading.isCopied))
            }
            // Pages of a store without snapshots belong to different moments.
            if kind == .export || open.store.portable == nil { try await open.refuseServers() }
            try writer.finish()
            await reading.close()
            return writer.count
        } catch {
            await reading.close()
            throw error
        }
    }
}
