// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Limits password guessing: every attempt is counted before anything is hashed.
///
/// A few attempts are free, then each one has to wait longer than the one before.
///
/// Nobody is locked out. A user who has signed in from an address before is counted separately from everyone else who
/// tries the account, so guessing from elsewhere does not delay that user. From a new address, one attempt in each time
/// span passes, whatever others try. Attempts are counted by the typed name, whether or not the account exists, so that
/// a delay reveals nothing.
struct SignInAttempts {
    /// Counters and gates; the last few may be lost if the process dies.
    static let counters = StoreCollection("sign_in_attempt", durability: .relaxed)

    /// An attempt that was counted and may continue.
    struct Admission {
        /// Hashes the typed password in the place that was taken for it.
        let hashing: any PasswordHashing
        fileprivate let known: SignInOrigin?
        fileprivate let pair: String
        fileprivate let count: Int64
    }

    enum Verdict {
        case go(Admission)
        case later(Duration)
    }

    let store: any Store
    let now: Timestamp
    let digest: (String) -> String
    let hashing: any PasswordHashing

    /// The first of an account's names under which it has signed in from an address, or nil.
    ///
    /// - Throws: `StoreError`.
    func known(among names: [String], at address: String) async throws -> String? {
        let origin = hashing.origin(of: address)
        let keys = names.map { SignInOrigin.key(pair(digest($0), origin)) }
        guard !keys.isEmpty else { return nil }
        let found = try await store.read(keys)
        return zip(names, found).first { $0.1.flatMap { SignInOrigin($0, at: now) } != nil }?.0
    }

    private func pair(_ login: String, _ origin: String) -> String { digest("\(login)\u{0}\(origin)") }

    /// What an attempt is counted by.
    private struct Names {
        /// The digest of the typed name.
        let login: String
        /// The digest of the address's origin.
        let address: String
        /// The digest of both.
        let pair: String
        /// The series of attempts at an address where the account has signed in before, otherwise nil.
        let series: String?
    }

    /// Counts an attempt, and decides whether it may continue.
    ///
    /// - Parameters:
    ///   - login: The digest of the typed name.
    ///   - address: The address of the requester.
    /// - Returns: The admission, to be passed to `succeeded` after a success, or how long to wait.
    /// - Throws: `OAuthError` `temporarily_unavailable` if no place for hashing is free; `StoreError`.
    func count(login: String, from address: String) async throws -> Verdict {
        let origin = hashing.origin(of: address)
        let pair = pair(login, origin)
        let known = try await store.read(SignInOrigin.key(pair)).flatMap { SignInOrigin($0, at: now) }
        let names = Names(
            login: login, address: digest(origin), pair: pair, series: known.map { "pair.\(pair).\($0.series)" })
        // The place comes first, so a busy server counts no attempt that it does not compare. Giving a counted attempt
        // back instead could let more pass. An attempt that is not due takes no place, and so keeps nobody else out.
        if let wait = try await announcedWait(names) { return .later(wait) }
        let place = try hashing.place(for: address)
        let counted =
            if let series = names.series {
                try await countKnown(series, names.address)
            } else {
                try await countNew(names)
            }
        if let wait = counted.wait { return .later(wait) }
        return .go(Admission(hashing: place, known: known, pair: pair, count: counted.count))
    }

    /// How long an attempt has to wait according to the gates that are closed already; nil if it may be due.
    private func announcedWait(_ names: Names) async throws -> Duration? {
        if let series = names.series { return try await gate("gate.\(series)").wait() }
        let address = try await gate("gate.address.\(names.address)").wait()
        guard let own = try await gate("own.\(names.pair)").wait(),
            let account = try await gate("gate.account.\(names.login)").wait()
        else { return address }
        return max(min(own, account), address ?? .zero)
    }

    private func countNew(_ names: Names) async throws -> (count: Int64, wait: Duration?) {
        let address = try await pass("address.\(names.address)", .address)
        guard address.wait == nil else { return address }
        // A user at an address of their own does not compete with guesses from elsewhere. An attempt that passes for
        // another reason uses up the address's own attempt too.
        let span = AttemptAllowance.account.longest
        let own = gate("own.\(names.pair)")
        let ownWait = try await own.pass(isOpen: true, window: .seconds(span)) { _ in span }
        let account = try await pass("account.\(names.login)", .account)
        if let wait = account.wait, let ownWait { return (account.count, min(wait, ownWait)) }
        if ownWait != nil { try await own.restart(for: span) }
        return (account.count, nil)
    }

    /// Counts an attempt from an address where the account has signed in before: the first attempt counts only for the
    /// account, later ones for the address too.
    private func countKnown(_ series: String, _ address: String) async throws -> (count: Int64, wait: Duration?) {
        let (count, wait) = try await pass(series, .account)
        guard wait == nil, count > 1 else { return (count, wait) }
        return (count, try await pass("known.\(address)", .knownAddress).wait)
    }

    /// Lets the free attempts pass, then one after each delay, even if many come at once.
    private func pass(_ name: String, _ allowance: AttemptAllowance) async throws -> (count: Int64, wait: Duration?) {
        let count = try await increment(name)
        if count < allowance.free { return (count, nil) }
        let gate = gate("gate.\(name)")
        if count == allowance.free {
            try await gate.close(for: allowance.delay(0), window: AttemptAllowance.window)
            return (count, nil)
        }
        return (count, try await gate.pass(window: AttemptAllowance.window, delay: allowance.delay))
    }

    private func gate(_ name: String) -> AttemptGate {
        AttemptGate(store: store, now: now, key: SignInAttempts.counters.key(name))
    }

    private func increment(_ name: String) async throws -> Int64 {
        try await store.increment(
            SignInAttempts.counters.key(name), expiresAt: now + AttemptAllowance.window, now: now)
    }

    /// Remembers that the account signed in from this address, and starts counting again.
    ///
    /// - Throws: `StoreError`.
    func succeeded(_ admission: Admission) async throws {
        let known = admission.known
        guard known.map({ admission.count > 2 || $0.isHalfForgotten(at: now) }) ?? true else { return }
        // Another success at the same time may commit first, which makes no difference.
        _ = try await store.write([known?.renewed(at: now) ?? SignInOrigin.first(admission.pair, at: now)])
    }
}
