// SPDX-License-Identifier: Apache-2.0

import GrantKit

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
