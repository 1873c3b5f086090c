// SPDX-License-Identifier: Apache-2.0

/// The outcome of a step.
public enum StepOutcome: Sendable {
    /// The step has nothing to ask.
    case skip
    /// The step is finished.
    case done(StepResult)
    /// The step shows a page, for the first time or again.
    case page(Page)
    /// The step refuses the request, and the client gets the error.
    case refuse(OAuthError)
}
