// SPDX-License-Identifier: Apache-2.0

/// The result of verifying a signature with the keys of another party.
@_spi(Host)
public enum SignatureVerdict: Sendable, Hashable {
    /// One of the keys made it.
    case valid
    /// None of the keys can have made it, but a key that the party has added since may have; with the reason.
    case unknownKey(String)
    /// It is wrong; with the reason.
    case wrong(String)
}
