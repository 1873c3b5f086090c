// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension TestPlugin {
    /// The claims that the plugin's sources return, without those that they do not declare.
    ///
    /// - Parameters:
    ///   - destination: The place where the claims will appear.
    ///   - authorization: What was granted; its subject decides which user of the host's directory it is about.
    ///   - client: The client that it was granted to.
    ///   - scope: The part of the granted scope that the response has; by default all of it.
    /// - Returns: The claims, as an object.
    /// - Throws: `OAuthError` `invalid_token` if the user is inactive; every error of a source.
    public func claims(
        to destination: ClaimsDestination, for authorization: Authorization, client: Client, scope: Scope? = nil
    ) async throws -> JSON {
        .object(
            try await host.access.claims(
                for: authorization, client: client, scope: scope ?? authorization.scope, to: destination))
    }
}
