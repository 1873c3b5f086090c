// SPDX-License-Identifier: Apache-2.0

/// Where an attribute is in a client's document.
public enum AttributeLevel: Sendable, Hashable {
    /// At the top of the document.
    case client
    /// Under `auth.<key>` of any grant.
    case everyGrant
    /// Under `auth.<key>` of one grant.
    case grant(String)
}
