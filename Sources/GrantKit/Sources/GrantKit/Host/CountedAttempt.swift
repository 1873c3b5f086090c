// SPDX-License-Identifier: Apache-2.0

/// An attempt that was counted and may continue.
public struct CountedAttempt: Sendable {
    /// For the host: the names of the counters that have counted the attempt.
    @_spi(Host)
    public let counters: [String]

    /// For the host: makes an attempt.
    @_spi(Host)
    public init(counters: [String]) {
        self.counters = counters
    }
}
