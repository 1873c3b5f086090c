// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit

/// What `grantor store import` and `grantor store restore` have in common: a copy that was checked is loaded.
struct CopyLoad {
    /// The items that are written at once, and the bytes of their lines after which there are fewer.
    private static let (batch, batchBytes) = (500, 1 << 20)

    let open: OpenStore
    let path: String
    let passphrase: Secret?
    let unknown: UnknownCollections?
    /// The rule of a restore; nil for an import, which writes everything as it is.
    let rule: RestoreRule?
    /// Whether tokens and sessions are accepted after a restore; nil for an import.
    let keepsTokens: Bool?

    /// Loads the copy, and records that.
    ///
    /// - Parameters:
    ///   - sum: The digest that the check has found, since the file may have been replaced meanwhile.
    ///   - manner: The options of the command, with which a load that was cut short has to be continued.
    /// - Returns: How many items were written.
    /// - Throws: `Failure`, `StoreError`.
    func run(_ sum: String, manner: String) async throws -> Int {
        let events = CommandEvents(open.generation)
        return try await open.recording(events) {
            let count = try await load(sum, manner)
            var details: JSON = [
                "change": keepsTokens == nil ? "imported" : "restored", "file": .string(path),
                "records": .integer(Int64(count)),
            ]
            details["keeps_tokens"] = keepsTokens.map(JSON.bool)
            events.record(Event(.storeLoaded, details: details))
            return count
        }
    }

    private func load(_ sum: String, _ manner: String) async throws -> Int {
        let loading = try await StoreLoading(
            "\(sum) \(manner)", collections: open.collections, into: open.store, at: now)
        let reader = try CopyReader(path, openedWith: passphrase)
        let former = loading.done
        var (batch, covered, start, written): ([StoreItem], Int, Int, Int) = ([], 0, 0, 0)
        while let item = try reader.next() {
            guard reader.count > former else { continue }
            covered += 1
            if let item = accepted(item) { batch.append(item) }
            guard covered == CopyLoad.batch || reader.bytes - start >= CopyLoad.batchBytes else { continue }
            try await add(batch, covering: covered, of: reader, to: loading)
            written += batch.count
            (batch, covered, start) = ([], 0, reader.bytes)
        }
        guard reader.sum == sum else {
            throw Failure("'\(path)' was changed while it was read; empty the store and start again")
        }
        try await add(batch, covering: covered, of: reader, to: loading)
        try await finish(loading)
        if loading.lostCounters > 0 {
            let lost = "\(loading.lostCounters) counters were left out, since this store cannot take them"
            LogWriter.standardError.write("\(lost)\n")
        }
        return written + batch.count
    }

    private func add(
        _ items: [StoreItem], covering count: Int, of reader: CopyReader, to loading: StoreLoading
    ) async throws {
        do {
            try await loading.add(items, covering: count, at: now)
        } catch let error as StoreError {
            // The items begin in the second line.
            let lines = "\(reader.count - count + 2) to \(reader.count + 1)"
            throw Failure("the lines \(lines) of '\(path)' were not loaded: \(error.message)")
        }
    }

    private var now: Timestamp { SystemEnvironment().now }

    /// Ends the load; a restore in the next second, so that nothing issued after it has the time of the restore.
    private func finish(_ loading: StoreLoading) async throws {
        let moment = now
        while keepsTokens != nil, now <= moment { try await Task.sleep(for: .milliseconds(50)) }
        try await loading.finish(at: moment, keepsTokens: keepsTokens)
    }

    private func accepted(_ item: StoreItem) -> StoreItem? {
        guard StoreReading.isCopied(item) else { return nil }
        if unknown == .drop, !open.collections.contains(where: { $0.name == item.key.collection }) { return nil }
        return rule.map { $0.item(item) } ?? item
    }
}
