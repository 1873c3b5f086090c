// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The destination of an authorization response, once client and redirect URI have been validated.
struct AuthorizationDestination: Sendable {
    let client: RegisteredClient
    let redirect: RedirectURI
    var mode: ResponseMode
    /// The client's `state`, returned unchanged.
    var state: String?
    /// The languages for pages on the way, most preferred first.
    var languages: [String] = []
    /// Whether a page comes before that limits its forms to this server, so that a page must lead to the client.
    var endsForm = false
}
