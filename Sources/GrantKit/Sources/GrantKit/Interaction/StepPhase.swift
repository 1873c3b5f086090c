// SPDX-License-Identifier: Apache-2.0

/// In which order steps run.
public enum StepPhase: Int, Sendable, Hashable {
    /// Finds out who the person is; not asked where a session says so.
    case identify
    /// Makes surer that they are; asked with a session too, so it skips where `Interaction.amr` is enough.
    case verify
    /// Asks what else the client needs to know.
    case choose
}
