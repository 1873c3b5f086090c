// SPDX-License-Identifier: Apache-2.0

/// Adds members to responses with an access token.
///
/// It runs after the access token was made and before anything is committed. It must not write to the store itself.
public protocol ResponseExtension: Sendable {
    /// The names of the members that it may add.
    ///
    /// If two plugins name the same member, the server does not start.
    var members: [String] { get }
    /// The stage at which it runs.
    var stage: Stage { get }
    /// Adds members to a response, if there are any to add.
    ///
    /// - Parameter issuance: The response.
    /// - Throws: `OAuthError` to refuse the request. A `StoreError` becomes `temporarily_unavailable`, any other error
    ///   `server_error`.
    func extend(_ issuance: inout Issuance) async throws
}

extension ResponseExtension {
    /// The stage of credentials.
    public var stage: Stage { .credential }
}
