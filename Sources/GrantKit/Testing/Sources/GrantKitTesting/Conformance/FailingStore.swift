// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Something that a plugin of its own can do.
struct Trial {
    let plugin: TestPlugin
    let run: () async throws -> Void
}

/// Lets the store fail while a plugin uses it.
enum FailingStore {
    /// Lets each call of the store fail in turn, and expects that nothing looks like a success.
    ///
    /// - Parameters:
    ///   - what: What the plugin does, as the beginning of a sentence.
    ///   - make: Makes the trial anew, with a plugin of its own.
    /// - Throws: `ConformanceFailure` if something does.
    static func during(_ what: String, _ make: () async throws -> Trial) async throws {
        let counted = try await make()
        let before = counted.plugin.host.store.calls
        do { try await counted.run() } catch is OAuthError { return }
        for skipped in 0..<max(0, counted.plugin.host.store.calls - before) {
            let trial = try await make()
            trial.plugin.host.store.fail(after: skipped, count: 1)
            try await expectError("\(what): its call \(skipped + 1) of the store failed", trial.run)
            trial.plugin.host.store.recover()
            try await Harmless.check("\(what), after the store failed,", trial.run)
        }
    }

    /// Runs something while the store fails, and expects that it says so.
    ///
    /// - Parameters:
    ///   - what: What failed, as the beginning of a sentence.
    ///   - run: Runs it.
    /// - Throws: `ConformanceFailure` unless it throws a `StoreError`, or the refusal that a client gets for one.
    static func expectError(_ what: String, _ run: () async throws -> Void) async throws {
        do {
            try await run()
        } catch is StoreError {
            return
        } catch let error as OAuthError where error.code == .temporarilyUnavailable {
            return
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure("\(what), and this is reported as \(error): let the StoreError through")
        }
        throw ConformanceFailure("\(what), and it continued as if nothing had happened: let the StoreError through")
    }
}
