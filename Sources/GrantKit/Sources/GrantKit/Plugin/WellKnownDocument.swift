// SPDX-License-Identifier: Apache-2.0

/// A document below `/.well-known`, made from the server's metadata (RFC 8615).
public struct WellKnownDocument: Sendable {
    /// The name below `/.well-known/`.
    public let name: String
    /// Makes the document of the server's metadata.
    public let content: @Sendable (_ metadata: JSON) -> JSON
}
