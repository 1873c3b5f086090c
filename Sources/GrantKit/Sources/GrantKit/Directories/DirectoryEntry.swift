// SPDX-License-Identifier: Apache-2.0

/// A document as a directory shows it.
public struct DirectoryEntry: Sendable {
    /// The identifier.
    public var id: String
    /// The document, without secrets, passwords and hashes of them.
    public var document: JSON
    /// Differs from that of any other state of this document; nil for one that the configuration declares.
    public var version: String?

    /// For the host: an entry.
    @_spi(Host)
    public init(id: String, document: JSON, version: String?) {
        self.id = id
        self.document = document
        self.version = version
    }

    /// Whether the configuration declares it, so that it is changed there.
    public var isDeclared: Bool { version == nil }
}
