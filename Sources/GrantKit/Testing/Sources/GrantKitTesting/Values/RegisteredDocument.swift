// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

/// A document below `/.well-known` that a plugin adds: a copy of the server's metadata with additional members.
public struct RegisteredDocument: Sendable {
    /// The name below `/.well-known/`.
    public let name: String
    /// The additional members.
    ///
    /// They replace members of the metadata with the same names.
    public let adding: [JSON.Member]

    init(_ document: WellKnownDocument) {
        (name, adding) = (document.name, document.adding)
    }
}
