// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client with what only the core knows about it; a class, because each request passes it on many times.
final class RegisteredClient: Sendable {
    let client: Client
    /// The methods of authentication that are accepted from it.
    let methods: [String]
    let secrets: [ClientSecret]
    /// The origins whose scripts may read responses to this client.
    let allowedOrigins: Set<String>
    /// The settings for its tokens, by the key of the grant.
    let plans: [String: TokenPlan]
    /// The redirect URIs, by the key of the grant.
    let redirects: [String: [RedirectURI]]
    /// Whether the client is first-party, so that users need not consent.
    let isFirstParty: Bool
    /// The number that ends all grants to the client when it changes; nil for a declared client.
    let epoch: Int64?

    init(
        client: Client, methods: [String], secrets: [ClientSecret], allowedOrigins: Set<String>,
        plans: [String: TokenPlan],
        redirects: [String: [RedirectURI]], isFirstParty: Bool, epoch: Int64?
    ) {
        self.client = client
        self.methods = methods
        self.secrets = secrets
        self.allowedOrigins = allowedOrigins
        self.plans = plans
        self.redirects = redirects
        self.isFirstParty = isFirstParty
        self.epoch = epoch
    }
}
