// SPDX-License-Identifier: Apache-2.0

/// The decision whether an attempt may continue.
public enum AttemptVerdict: Sendable {
    /// It may continue.
    ///
    /// If it is right, pass it to `AttemptService.succeeded`.
    case allowed(CountedAttempt)
    /// It must wait for this time.
    ///
    /// The secret must not be looked up.
    case later(Duration)
}
