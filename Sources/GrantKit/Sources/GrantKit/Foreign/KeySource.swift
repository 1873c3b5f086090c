// SPDX-License-Identifier: Apache-2.0

/// The keys of which one must have signed a token of another party, or the secret that must have authenticated it.
public enum KeySource: Sendable {
    /// The keys in the `jwks` of a client, or at its `jwks_uri`.
    case client(Client)
    /// The key set (RFC 7517 section 5) at an address, which the server fetches and keeps for all plugins.
    case address(String)
    /// A key set, which `ForeignKeyService.keys(in:)` has parsed.
    case keys(PublicKeySet)
    /// The secret of a client whose method needs a readable one; the secret never leaves the server.
    case secret(Client)
}
