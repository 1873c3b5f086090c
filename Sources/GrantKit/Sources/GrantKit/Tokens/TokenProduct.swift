// SPDX-License-Identifier: Apache-2.0

/// Makes tokens that are not access tokens of this server, such as an assertion for another authorization server.
///
/// A grant names the type of the token in `Authorization.issuedType`, and knows no product. A product knows no grant. The
/// response has the token type `N_A` (RFC 8693 section 2.2.1), and no other plugin adds to it.
public protocol TokenProduct: Sendable {
    /// The token type identifiers (RFC 8693 section 3) that it makes.
    ///
    /// If two plugins name the same type, the server does not start.
    var types: [String] { get }
    /// The longest time for which a token is valid.
    var longestLife: Duration { get }
    /// Makes a token.
    ///
    /// - Parameter contents: The contents of the token, whose `authorization.issuedType` is one of the types. They have
    ///   no claims.
    /// - Returns: The token.
    /// - Throws: `OAuthError` `invalid_target` for an audience that it makes none for. After any error, nothing is
    ///   issued.
    func make(_ contents: TokenContents) async throws -> MintedToken
}
