// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A token type that an exchange has to do with (RFC 8693 section 3).
enum ExchangeType: String, Sendable, CaseIterable {
    case accessToken = "access_token"
    case refreshToken = "refresh_token"
    case identityToken = "id_token"
    /// A token of another issuer.
    case foreign = "jwt"
    /// An assertion for another authorization server (draft-ietf-oauth-identity-assertion-authz-grant-03).
    case identityAssertion = "id-jag"

    private static let prefix = "urn:ietf:params:oauth:token-type:"

    /// The types of this server's own tokens that a rule can accept from a client.
    static let subjects: [ExchangeType] = [.accessToken, .refreshToken, .identityToken]
    /// The types of tokens that can name who acts.
    static let actors: [ExchangeType] = [.accessToken, .identityToken]
    /// The types of tokens that an exchange can give.
    static let results: [ExchangeType] = [.accessToken, .identityAssertion]

    /// Reads a token type identifier; nil for any other one.
    init?(identifier: String) {
        guard let type = ExchangeType.allCases.first(where: { $0.identifier == identifier }) else { return nil }
        self = type
    }

    /// The token type identifier.
    var identifier: String { ExchangeType.prefix + rawValue }

    /// Whether a token of this server is of this type.
    func fits(_ kind: ResolvedToken.Kind) -> Bool {
        switch (self, kind) {
        case (.accessToken, .access), (.refreshToken, .refresh), (.identityToken, .identity): true
        default: false
        }
    }
}
