// SPDX-License-Identifier: Apache-2.0

/// For the host: a document below `/.well-known`, a copy of the server's metadata with additional members (RFC 8615).
@_spi(Host)
public struct WellKnownDocument: Sendable {
    /// The name below `/.well-known/`.
    public let name: String
    /// The additional members.
    ///
    /// They replace members of the metadata with the same names.
    public let adding: [JSON.Member]
}
