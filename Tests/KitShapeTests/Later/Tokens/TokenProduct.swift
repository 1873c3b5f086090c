// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Makes tokens that are not access tokens of this server, such as an assertion for another authorization server.
///
/// A grant names the type that was asked for, and knows no product. A product knows no grant.
protocol TokenProduct: LaterRole {
    /// The token type identifiers (RFC 8693 section 3) that it makes.
    var types: [String] { get }
    /// The longest time for which one is valid, in seconds.
    var longestLife: Duration { get }
    /// Makes one.
    ///
    /// - Throws: `OAuthError` `invalid_target` for an audience that it makes none for.
    func make(_ contents: TokenContents) async throws -> MintedToken
}

extension TokenProduct {
    var line: String { "product \(types.joined(separator: ","))" }
}

extension Authorization {
    /// Takes the place of a member: the token type that the response has to be, nil for an access token.
    var issuedType: String? {
        get { attachments["later.issued_type"]?.string }
        set { attachments["later.issued_type"] = newValue.map(JSON.string) }
    }

    /// Takes the place of a member: the names of the consent rows that the user has unticked.
    ///
    /// It is stored.
    var declined: [String] {
        get { attachments["later.declined"]?.strings ?? [] }
        set { attachments["later.declined"] = newValue.isEmpty ? nil : .strings(newValue) }
    }
}

/// The audience of what is derived from another token.
enum DerivedAudience: Sendable, Hashable {
    /// What the request names of the original's audience.
    case narrowed
    /// What the request names of the requesting client's own audience. The grant has to decide whether it may leave the
    /// original's.
    case replaced
}
