// SPDX-License-Identifier: Apache-2.0

/// A document below `/.well-known`: a copy of the server's metadata with members of its own (RFC 8615).
public struct WellKnownDocument: Sendable {
    /// The name below `/.well-known/`.
    public let name: String
    /// The members that the copy gets; one that the metadata has too is replaced.
    public let adding: [JSON.Member]
}
