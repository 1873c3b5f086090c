// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How the parameters of an authorization response travel (OAuth 2.0 Multiple Response Types section 2.1, Form Post).
enum ResponseMode: String, Sendable, CaseIterable {
    case query
    case fragment
    case formPost = "form_post"
}

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

/// A request that must not be answered by a redirect: a person reads why on a page of this server.
struct PageRefusal: Error {
    /// Which text of the catalogue says it.
    enum Kind: String, Sendable {
        case request = "", client, redirectURI = "redirect_uri", expired, cookie, csrf, session, unavailable, server
        case notFound = "not_found"
        case form
    }

    let kind: Kind
    let error: OAuthError
    /// The address on this server at which what was asked for begins anew.
    let again: String?

    init(_ kind: Kind, _ error: OAuthError, again: String? = nil) {
        self.kind = kind
        self.error = error
        self.again = again
    }
}

/// A refusal that the client is told about through the browser (RFC 6749 section 4.1.2.1).
struct RedirectRefusal: Error {
    let error: OAuthError
    let destination: AuthorizationDestination
}
