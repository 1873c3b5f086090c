// SPDX-License-Identifier: Apache-2.0

/// How long tests wait for something that must happen: a limit on hangs, not a promise about speed.
///
/// A failing test waits this long; a passing one never does, however busy the machine is.
public enum Patience {
    /// The limit in seconds, below the time limit of a suite, so that the test can say what it waited for.
    public static let seconds = 240

    /// Waits until a condition holds.
    ///
    /// - Parameters:
    ///   - pause: How long to wait between two checks.
    ///   - condition: The condition.
    /// - Returns: Whether it holds.
    @discardableResult
    public static func wait(
        _ pause: Duration = .milliseconds(5), until condition: () async throws -> Bool
    ) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try await condition() { return true }
            try await Task.sleep(for: pause)
        }
        return try await condition()
    }
}
