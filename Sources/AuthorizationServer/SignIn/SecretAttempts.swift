// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// Limits the guessing of the secrets of one plugin, such as codes that users type.
///
/// Every attempt counts for the address. It also counts for the account if the guess names one, and otherwise for
/// everyone: with enough addresses, a short code could be guessed in spite of a limit for each.
struct SecretAttempts: AttemptService {
    let core: ServerCore
    /// The id of the plugin.
    let plugin: String

    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict {
        // Nothing is counted during HEAD, so guesses would be free.
        guard !HeadRequest.isCurrent else { return .later(.seconds(1)) }
        let (kind, now) = (core.cryptography.digest(secret), core.now)
        let origin = tally("address\u{0}\(kind)\u{0}\(origin(of: address))", now)
        let other = tally(account.map { "account\u{0}\(kind)\u{0}\($0)" } ?? "everyone\u{0}\(kind)", now)
        // An attempt that has to wait is not counted, so an address that has to wait does not make others wait.
        let waits = try await [origin.wait(), other.wait()].compactMap(\.self)
        if let wait = waits.max() { return .later(wait) }
        if let wait = try await origin.pass(.address) { return .later(wait) }
        if let wait = try await other.pass(account == nil ? .everyone : .account) { return .later(wait) }
        return .allowed(CountedAttempt(counters: origin.names + other.names))
    }

    /// - Throws: `PluginMistake` for an attempt that was not counted for this plugin; `StoreError`.
    func succeeded(_ attempt: CountedAttempt) async throws {
        guard attempt.counters.allSatisfy({ $0.raw.starts(with: prefix) }) else {
            throw PluginMistake(
                "the plugin '\(plugin)' called succeeded of host.attempts with an attempt that was not counted for it; "
                    + "pass the attempt that count returned",
                of: plugin)
        }
        for name in attempt.counters {
            try await AttemptCounter(store: core.store, now: core.now, name: name).giveBack()
        }
    }

    func origin(of address: String) -> String { core.passwords.origin(of: address) }

    private func tally(_ what: String, _ now: Timestamp) -> AttemptTally {
        AttemptTally("\(prefix)\(core.cryptography.digest(what))", in: core.store, at: now)
    }

    /// The beginning of the names of all counters of this plugin, and of no other counters.
    private var prefix: String { "secret.\(core.cryptography.digest(plugin))." }
}
