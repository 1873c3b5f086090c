// SPDX-License-Identifier: Apache-2.0

/// The pause before a process is started again, which doubles while processes do not live long.
struct Pause {
    private let longest: Duration
    private var last = Duration.zero

    init(longest: Duration) {
        self.longest = longest
    }

    /// The next pause.
    ///
    /// - Parameter life: How long the process has lived.
    /// - Returns: The time to wait.
    mutating func next(after life: Duration) -> Duration {
        last = life > .seconds(10) ? .zero : min(max(last * 2, .milliseconds(100)), longest)
        return last
    }
}
