// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Logging
import ServiceLifecycle
import Synchronization

/// Rotates the server's keys on schedule and gives the current ones to the core, until the server shuts down.
final class KeyRotation: Service {
    private let core: ServerCore
    private let keeper: KeyKeeper
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var nextStep: Timestamp?
        var published: [String] = []
        var isFailing = false
    }

    init(_ core: ServerCore, _ store: CheckedStore, _ settings: KeyKeeper.Settings) {
        self.core = core
        keeper = KeyKeeper(store, settings) { ring, cache in
            core.open(store: store, keys: ring, publicJWKS: ring.publicJWKS, cache: cache)
        }
        logger = Logger(label: "grantor")
        core.metrics.show("grantor_keys_published") { [weak self] in
            Int64(self?.state.withLock { $0.published.count } ?? 0)
        }
        core.metrics.show("grantor_keys_next_step_seconds") { [weak self] in
            guard let self, let step = state.withLock({ $0.nextStep }) else { return 0 }
            return max(0, (step - self.core.now).components.seconds)
        }
    }

    /// Generates or reads the keys and opens the core with them.
    func open() async throws {
        await note(try await keeper.open(now: core.now))
    }

    /// Changes the settings; keys for newly requested algorithms exist when this returns.
    func change(_ settings: KeyKeeper.Settings) async throws {
        tell(try await keeper.open(settings, now: core.now))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: await keeper.pause(now: core.now))
                if !Task.isCancelled { await look() }
            }
        }
    }

    /// Looks at the keys at once if they are in a collection that has changed.
    func look(at changed: Set<String>) async {
        if changed.contains(StoredKeys.collection.name) { await look() }
    }

    private func look() async {
        do {
            if case .changed(let ring) = try await keeper.look(now: core.now) { tell(ring) }
            state.withLock { $0.isFailing = false }
        } catch {
            let wasFailing = state.withLock { state in
                defer { state.isFailing = true }
                return state.isFailing
            }
            if !wasFailing {
                logger.error("the keys could not be read from the store", metadata: ["error": "\(error)"])
            }
            // An announced key begins to sign on time all the same.
            if case .changed(let ring)? = try? await keeper.advance(now: core.now) { tell(ring) }
        }
        await note(nil)
    }

    private func tell(_ ring: ServerKeyRing) {
        let isNews = state.withLock { state in
            defer { state.published = ring.ids }
            return state.published != ring.ids
        }
        guard isNews else { return }
        core.events.record(
            Event(
                .keysChanged,
                details: [
                    "signing": .strings(ring.signingKeys.map(\.id)), "published": .strings(ring.ids),
                ]))
        logger.notice(
            "the published keys have changed",
            metadata: [
                "signing": "\(ring.signingKeys.map(\.id).joined(separator: " "))",
                "published": "\(ring.ids.count)",
            ])
    }

    private func note(_ ring: ServerKeyRing?) async {
        let step = await keeper.nextStep(now: core.now)
        state.withLock { state in
            state.nextStep = step
            if let ring { state.published = ring.ids }
        }
    }
}

extension ServerKeyRing {
    fileprivate var ids: [String] {
        signingKeys.map(\.id) + otherKeys.compactMap { $0["kid"]?.string }
    }
}
