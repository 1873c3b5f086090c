// SPDX-License-Identifier: Apache-2.0

/// The number of free attempts in an hour, and the longest wait after them.
struct AttemptAllowance {
    let free: Int64
    /// In seconds.
    let longest: Int64

    /// The time for which attempts are counted.
    static let window = Duration.seconds(3600)

    static let account = AttemptAllowance(free: 5, longest: 300)
    static let address = AttemptAllowance(free: 100, longest: 30)
    /// For an address from which the tried accounts have signed in before, because many users may share it.
    static let knownAddress = AttemptAllowance(free: 1000, longest: 30)
    /// For all attempts at secrets that belong to no named account, from wherever they come: 1,720 an hour in all.
    static let everyone = AttemptAllowance(free: 1000, longest: 5)

    /// The seconds until the next attempt, once this many have passed the gate.
    func delay(_ passed: Int64) -> Int64 {
        min(longest, 1 << max(0, min(passed, 16)))
    }
}
