// SPDX-License-Identifier: Apache-2.0

/// Where an attribute is in a client's document.
@_spi(Host)
public enum AttributeLevel: Sendable, Hashable {
    /// At the top of the document.
    case client
    /// Under `auth.<key>` of any grant.
    case everyGrant
    /// Under `auth.<key>` of one grant.
    case grant(String)

    /// Where an attribute is that a client has once: under a grant, or at the top without one.
    static func once(under grant: String?) -> AttributeLevel {
        grant.map(AttributeLevel.grant) ?? .client
    }
}
