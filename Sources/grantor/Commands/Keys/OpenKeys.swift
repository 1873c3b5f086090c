// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import GrantKit
import ServerConfiguration

/// The keys in the configuration's store, opened for a command; a server may use the store at the same time.
struct OpenKeys {
    static let none = "no keys yet; the first 'grantor serve' generates them"

    let stored: StoredKeys
    let settings: KeyKeeper.Settings
    let isSealed: Bool
    let open: OpenStore
    let now = SystemEnvironment().now

    /// Opens the store, runs the body with its keys and closes the store.
    static func use(_ option: ConfigurationOption, _ body: (OpenKeys) async throws -> Void) async throws {
        var own: ConfiguredKeys?
        try await OpenStore.with(option, collections: [StoredKeys.collection]) { composition in
            own = ConfiguredKeys(composition.configuration, composition.diagnostics)
        } _: { open in
            guard let own else { return }
            try await body(OpenKeys(open, own))
        }
    }

    private init(_ open: OpenStore, _ own: ConfiguredKeys) {
        settings = own.settings(for: open.generation)
        stored = StoredKeys(open.store, sealing: settings.sealing)
        isSealed = own.isSealed
        self.open = open
    }

    /// The algorithm with a name.
    ///
    /// - Throws: `ValidationError` if the server does not sign with it.
    static func algorithm(_ name: String) throws -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm(rawValue: name), SignatureAlgorithm.own.contains(algorithm) else {
            throw ValidationError(
                "the server does not sign with '\(name)', only with \(SignatureAlgorithm.ownNames.joined(separator: ", "))"
            )
        }
        return algorithm
    }

    /// The named algorithm, or every algorithm that the server generates keys for.
    func algorithms(_ name: String?) throws -> [SignatureAlgorithm] {
        if let name { return [try OpenKeys.algorithm(name)] }
        guard !settings.needs.generated.isEmpty else {
            throw Failure("the configuration declares every signing key; change 'keys.signing' and reload")
        }
        return settings.needs.generated
    }

    /// Changes the record of the keys, and records that.
    ///
    /// - Parameters:
    ///   - details: What the event says about the change.
    ///   - body: Returns the next record; it may be called several times.
    /// - Returns: The record that is now in the store.
    /// - Throws: `StoreError` if there are no keys yet, what `body` throws, `Failure` if the change cannot be recorded.
    @discardableResult
    func change(
        _ details: JSON, _ body: @escaping @Sendable (KeyRecord) throws -> KeyRecord
    ) async throws -> KeyRecord {
        let events = CommandEvents(open.generation)
        return try await open.recording(events) {
            let changed = try await stored.change(now: now) { try $0.map(body) }
            events.record(Event(.keysChanged, details: details))
            return changed
        }
    }

    // MARK: the list

    func rows(_ record: KeyRecord) -> [[String]] {
        let declared = settings.needs.declared.enumerated().map { place, key in
            let isFirst = !settings.needs.declared.prefix(place).contains { $0.algorithm == key.algorithm }
            return [key.id, key.algorithm, isFirst ? "signs" : "verifies", "the configuration"]
        }
        let own = Set(settings.needs.declared.map(\.id))
        let kept = record.keys.filter { !own.contains($0.id) }.map { key in
            [
                key.id, key.algorithm.rawValue, state(key, record),
                key.sealedUnder.map { "the store, sealed under \($0)" } ?? "the store, not sealed",
            ]
        }
        let former = record.declared.filter { !own.contains($0.id) }.map { key in
            let end = settings.plan.end(of: key).rfc3339
            return [key.id, key.publicJWK["alg"]?.string ?? "", "retired, published until \(end)", "nowhere"]
        }
        return declared + kept + former
    }

    private func state(_ key: KeyRecord.Key, _ record: KeyRecord) -> String {
        if key.from > now { return "announced, signs from \(key.from.rfc3339)" }
        let isNeeded = settings.needs.generated.contains(key.algorithm)
        let end = settings.plan.end(of: key, in: record).rfc3339
        guard record.signing(key.algorithm, at: now)?.id == key.id else { return "retired, published until \(end)" }
        return isNeeded ? "signs" : "not needed, published until \(end)"
    }
}
