// SPDX-License-Identifier: Apache-2.0

/// Why a plugin's library is not used: both sides of what does not fit, and the mend.
public struct PluginLoadingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// What to do.
    public let note: String?

    init(_ message: String, note: String? = nil) {
        self.message = message
        self.note = note
    }

    /// What is wrong and what to do.
    public var description: String {
        note.map { "\(message) (\($0))" } ?? message
    }
}
