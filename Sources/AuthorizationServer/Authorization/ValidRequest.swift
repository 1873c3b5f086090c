// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A request that may be shown to a user.
struct ValidRequest: Sendable {
    /// Where the result of the interaction goes.
    enum Target: Sendable {
        /// To the redirect URI of the client.
        case client(ValidAuthorization)
        /// To the plugin whose endpoint began the interaction.
        case purpose(ValidPurpose)
    }

    let registered: RegisteredClient
    let policy: InteractionPolicy
    let target: Target

    /// The URI to which the browser goes in the end; nil if it stays at this server.
    var redirect: RedirectURI? {
        if case .client(let asked) = target { asked.destination.redirect } else { nil }
    }

    /// The languages for pages, most preferred first.
    var languages: [String] {
        switch target {
        case .client(let asked): asked.destination.languages
        case .purpose(let purpose): purpose.languages
        }
    }

    /// The place where the result goes, which is the same for each page of an interaction.
    var place: String {
        switch target {
        case .client(let asked): asked.destination.redirect.text
        case .purpose(let purpose): purpose.place
        }
    }

    /// Whether nobody but the client can get the result (RFC 8252 section 8.6).
    ///
    /// Without a redirect URI only a secret proves who the client is.
    var identifiesClient: Bool {
        let isPublic = registered.client.isPublic
        return redirect.map { $0.identifies(isPublic: isPublic) } ?? !isPublic
    }

    /// The error as it is reported: to the client, or on a page.
    func refusal(_ error: OAuthError) -> any Error {
        switch target {
        case .client(let asked): return RedirectRefusal(error: error, destination: asked.destination)
        case .purpose(let purpose): return purpose.refusal(error)
        }
    }
}
