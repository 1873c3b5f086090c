// SPDX-License-Identifier: Apache-2.0

/// The result of a change to a document.
public struct DirectoryChange: Sendable {
    /// The document as it is now.
    public var entry: DirectoryEntry
    /// Whether this change created the document.
    public var isNew: Bool
    /// The secret that the server generated, if any.
    ///
    /// It cannot be shown again.
    public var secret: Secret?
    /// The warnings about the document.
    public var warnings: [DocumentProblem]

    /// For the host: makes a result.
    @_spi(Host)
    public init(_ entry: DirectoryEntry, isNew: Bool, secret: Secret? = nil, warnings: [DocumentProblem] = []) {
        self.entry = entry
        self.isNew = isNew
        self.secret = secret
        self.warnings = warnings
    }
}
