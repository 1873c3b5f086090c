// SPDX-License-Identifier: Apache-2.0

/// Makes access tokens of one format and recognises them (RFC 6749 section 1.4).
public protocol TokenFormat: TokenResolver {
    /// The name that `token_format` of a client gives it.
    var name: String { get }
    /// Whether a resource can read the token without asking this server.
    var isSelfContained: Bool { get }
    /// Makes a token; what it must remember goes into the result's writes.
    func mint(_ contents: TokenContents) async throws -> MintedToken
}
