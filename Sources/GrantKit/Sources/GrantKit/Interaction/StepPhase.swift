// SPDX-License-Identifier: Apache-2.0

/// The phase of an interaction in which a step runs.
public enum StepPhase: Int, Sendable, Hashable {
    /// First, to identify the user.
    ///
    /// Skipped if a session already does.
    case identify
    /// Second, to authenticate the user further.
    ///
    /// It runs with a session too, so a step skips if `Interaction.amr` is enough.
    case verify
    /// Last, to ask for anything else that the client needs to know.
    case choose
}
