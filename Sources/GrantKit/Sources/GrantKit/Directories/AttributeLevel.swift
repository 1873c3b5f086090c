// SPDX-License-Identifier: Apache-2.0

/// The place of an attribute in a client's document.
@_spi(Host)
public enum AttributeLevel: Sendable, Hashable {
    /// At the top of the document.
    case client
    /// Under `auth.<key>` of any grant.
    case everyGrant
    /// Under `auth.<key>` of one grant.
    case grant(String)

    /// The place of an attribute that a client has once: under a grant, or at the top if there is none.
    static func once(under grant: String?) -> AttributeLevel {
        grant.map(AttributeLevel.grant) ?? .client
    }
}
