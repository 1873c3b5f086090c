// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// A count of guesses: five are free for each account or address, and each further one must wait a minute.
public final class TestAttempts: AttemptService {
    private let counts = Mutex<[[UInt8]: Int]>([:])

    /// Makes an empty count.
    public init() {}

    /// The number of guesses that have been counted and were not reported as right.
    public var wrong: Int { counts.withLock { $0.values.reduce(0, +) } }

    /// Counts a guess for the account, or for the address if no account is named.
    public func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict {
        if OnlyLooking.isCurrent { return .later(.seconds(1)) }
        let counter = "\(secret) \(account ?? "from " + address)"
        return counts.withLock { counts in
            let count = counts[Array(counter.utf8), default: 0]
            guard count < 5 else { return .later(.seconds(60)) }
            counts[Array(counter.utf8)] = count + 1
            return .allowed(CountedAttempt(counters: [counter]))
        }
    }

    /// No longer counts a guess.
    public func succeeded(_ attempt: CountedAttempt) async throws {
        counts.withLock { counts in
            for counter in attempt.counters { counts[Array(counter.utf8)]? -= 1 }
        }
    }

    /// The address itself.
    public func origin(of address: String) -> String { address }

    /// Forgets all guesses, as a server does after an hour.
    public func forget() {
        counts.withLock { $0 = [:] }
    }
}
