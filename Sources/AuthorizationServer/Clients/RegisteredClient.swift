// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client with what the core alone knows of it; a class, since it is passed on many times in each request.
final class RegisteredClient: Sendable {
    let client: Client
    let secrets: [ClientSecret]
    /// The origins whose scripts may read answers to this client.
    let allowedOrigins: Set<String>
    /// What governs its tokens, by the key of the grant they come from.
    let plans: [String: TokenPlan]
    /// Where answers may be sent, by the key of the grant that they belong to.
    let redirects: [String: [RedirectURI]]
    /// Whether it is of one house with the server, so that nobody has to consent.
    let isFirstParty: Bool
    /// What ends all that was granted to it when it changes; nil where the configuration declares it.
    let epoch: Int64?

    init(
        client: Client, secrets: [ClientSecret], allowedOrigins: Set<String>, plans: [String: TokenPlan],
        redirects: [String: [RedirectURI]], isFirstParty: Bool, epoch: Int64?
    ) {
        self.client = client
        self.secrets = secrets
        self.allowedOrigins = allowedOrigins
        self.plans = plans
        self.redirects = redirects
        self.isFirstParty = isFirstParty
        self.epoch = epoch
    }
}
