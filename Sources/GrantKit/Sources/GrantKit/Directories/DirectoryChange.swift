// SPDX-License-Identifier: Apache-2.0

/// What became of a change.
public struct DirectoryChange: Sendable {
    /// The document as it is now.
    public var entry: DirectoryEntry
    /// Whether it was made by this change.
    public var isNew: Bool
    /// The secret that the server made, which is shown this once and never again.
    public var secret: Secret?
    /// What its author should know.
    public var warnings: [DocumentProblem]

    /// For the host: a change.
    @_spi(Host)
    public init(_ entry: DirectoryEntry, isNew: Bool, secret: Secret? = nil, warnings: [DocumentProblem] = []) {
        self.entry = entry
        self.isNew = isNew
        self.secret = secret
        self.warnings = warnings
    }
}
