// SPDX-License-Identifier: Apache-2.0

/// A client's or user's document as a directory returns it.
public struct DirectoryEntry: Sendable {
    /// The identifier.
    public var id: String
    /// The document, without secrets and passwords and without their hashes.
    public var document: JSON
    /// The version, which changes with each change of the document; nil if the configuration declares the document.
    public var version: String?

    /// For the host: makes an entry.
    @_spi(Host)
    public init(id: String, document: JSON, version: String?) {
        self.id = id
        self.document = document
        self.version = version
    }

    /// Whether the configuration declares the document, so it can only be changed there.
    public var isDeclared: Bool { version == nil }
}
