// SPDX-License-Identifier: Apache-2.0

/// Adds members to the answer that carries the access token.
///
/// It runs after the access token is there and before anything is committed. It must not write to the store itself.
public protocol ResponseExtension: Sendable {
    /// The members that it may add; two plugins that claim one stop the start.
    var members: [String] { get }
    /// When it runs, among all extensions.
    var stage: Stage { get }
    /// Adds what it has to add, or nothing.
    ///
    /// - Throws: `OAuthError` to refuse the whole answer; any other error is answered as `server_error`.
    func extend(_ issuance: inout Issuance) async throws
}

extension ResponseExtension {
    /// With what is good by itself.
    public var stage: Stage { .credential }
}
