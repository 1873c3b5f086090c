// SPDX-License-Identifier: Apache-2.0

/// How a step ends.
public enum StepOutcome: Sendable {
    /// It has nothing to ask.
    case skip
    /// It is finished.
    case done(StepResult)
    /// It asks, or asks again.
    case page(Page)
    /// The request is refused, and the client is told.
    case refuse(OAuthError)
}
