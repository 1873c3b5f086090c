// SPDX-License-Identifier: Apache-2.0

/// Makes and resolves access tokens of one format (RFC 6749 section 1.4).
public protocol TokenFormat: TokenResolver {
    /// The name of the format, as a client's `token_format` has it.
    var name: String { get }
    /// Whether a resource server can read the token without asking this server.
    var isSelfContained: Bool { get }
    /// Makes a token.
    ///
    /// Anything that must be stored goes into the writes of the result.
    ///
    /// - Parameter contents: The contents of the token.
    /// - Returns: The token.
    /// - Throws: Any error, after which nothing is issued.
    func mint(_ contents: TokenContents) async throws -> MintedToken
}
