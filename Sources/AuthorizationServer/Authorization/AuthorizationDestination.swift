// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Where the answer to an authorization request goes, once client and redirect URI are known good.
struct AuthorizationDestination: Sendable {
    let client: RegisteredClient
    let redirect: RedirectURI
    var mode: ResponseMode
    /// The client's own `state`, returned as it came.
    var state: String?
    /// The languages of pages that lead there, the preferred one first.
    var languages: [String] = []
    /// Whether a page that limits its forms to this server comes before, so that a page of its own has to lead on.
    var endsForm = false
}
