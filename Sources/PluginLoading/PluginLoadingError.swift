// SPDX-License-Identifier: Apache-2.0

/// The reason why a plugin's library or `plugins.lock` is refused; for a mismatch, it names both sides.
public struct PluginLoadingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// What to do about it.
    public let note: String?

    init(_ message: String, note: String? = nil) {
        self.message = message
        self.note = note
    }

    /// The message and the note.
    public var description: String {
        note.map { "\(message) (\($0))" } ?? message
    }
}
