// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Bounds the guessing of passwords: every attempt is counted before anything is hashed.
///
/// Some are free, and then each one waits longer than the one before.
///
/// Nobody is locked out. An owner who signed in from an address before is counted apart from everybody else who tries the
/// same account, so guessing from elsewhere does not hold the owner back. At a new address one attempt in each span
/// passes whatever is tried from others. Accounts are counted by the name that was typed, whether it exists or not: what
/// is held back tells nothing.
struct SignInAttempts {
    /// Counters and gates; the last few may be lost with the process.
    static let counters = StoreCollection("sign_in_attempt", durability: .relaxed)
    private static let window = Duration.seconds(3600)

    /// How many attempts are free in an hour, and how long the next one waits at the most.
    private struct Allowance {
        let free: Int64
        let longest: Int64

        static let account = Allowance(free: 5, longest: 300)
        static let address = Allowance(free: 100, longest: 30)
        /// For an address from which the accounts that are tried have signed in before: many people may share it.
        static let knownAddress = Allowance(free: 1000, longest: 30)

        /// The seconds between two attempts, once so many have passed the gate.
        func delay(_ passed: Int64) -> Int64 {
            min(longest, 1 << max(0, min(passed, 16)))
        }
    }

    /// What an attempt was counted as.
    struct Admission {
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

    /// Counts an attempt, and says whether it may go on.
    ///
    /// - Parameters:
    ///   - login: The digest of the name that was typed.
    ///   - origin: What the address counts as.
    /// - Returns: The admission, to be handed back after a success, or how long to wait.
    /// - Throws: `StoreError`.
    func count(login: String, origin: String) async throws -> Verdict {
        let pair = digest("\(login)\u{0}\(origin)")
        let address = digest(origin)
        let known = try await store.read(SignInOrigin.key(pair)).flatMap { SignInOrigin($0, at: now) }
        if let known {
            let (count, wait) = try await countKnown("pair.\(pair).\(known.series)", "known.\(address)")
            return wait.map(Verdict.later) ?? .go(Admission(known: known, pair: pair, count: count))
        }
        if let wait = try await pass("address.\(address)", .address).wait { return .later(wait) }
        // An owner who comes from an address of their own does not compete with those who guess elsewhere. Where an attempt
        // passes for another reason, the address has had its own too.
        let span = Allowance.account.longest
        let own = AttemptGate(store: store, now: now, key: SignInAttempts.counters.key("own.\(pair)"))
        let ownWait = try await own.pass(isOpen: true, window: .seconds(span)) { _ in span }
        let (count, wait) = try await pass("account.\(login)", .account)
        if let wait, let ownWait { return .later(min(wait, ownWait)) }
        if ownWait != nil { try await own.restart(for: span) }
        return .go(Admission(known: nil, pair: pair, count: count))
    }

    /// Counts an attempt where the account has signed in before: the first one is the account's own affair, the others
    /// count for the address as well.
    private func countKnown(_ pair: String, _ address: String) async throws -> (count: Int64, wait: Duration?) {
        let (count, wait) = try await pass(pair, .account)
        guard wait == nil, count > 1 else { return (count, wait) }
        return (count, try await pass(address, .knownAddress).wait)
    }

    /// Lets the free attempts pass, and then one after each delay; of many at once, no more than that.
    private func pass(_ name: String, _ allowance: Allowance) async throws -> (count: Int64, wait: Duration?) {
        let count = try await increment(name, for: SignInAttempts.window)
        if count < allowance.free { return (count, nil) }
        let gate = AttemptGate(store: store, now: now, key: SignInAttempts.counters.key("gate.\(name)"))
        if count == allowance.free {
            try await gate.close(for: allowance.delay(0), window: SignInAttempts.window)
            return (count, nil)
        }
        return (count, try await gate.pass(window: SignInAttempts.window, delay: allowance.delay))
    }

    private func increment(_ name: String, for span: Duration) async throws -> Int64 {
        try await store.increment(SignInAttempts.counters.key(name), expiresAt: now + span, now: now)
    }

    /// Remembers where somebody signed in, and counts anew from here on.
    ///
    /// - Throws: `StoreError`.
    func succeeded(_ admission: Admission) async throws {
        let known = admission.known
        guard known.map({ admission.count > 2 || $0.isHalfForgotten(at: now) }) ?? true else { return }
        // Another success at the same time may commit first, which makes no difference.
        _ = try await store.write([known?.renewed(at: now) ?? SignInOrigin.first(admission.pair, at: now)])
    }
}
