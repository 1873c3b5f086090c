// SPDX-License-Identifier: Apache-2.0

/// Whether an attempt may continue.
public enum AttemptVerdict: Sendable {
    /// It may; after a success, pass the attempt to `AttemptService.succeeded`.
    case allowed(CountedAttempt)
    /// It must wait; the secret must not be looked up.
    case later(Duration)
}
