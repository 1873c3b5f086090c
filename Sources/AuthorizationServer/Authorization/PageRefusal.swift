// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A refusal that must not redirect: a page of this server tells the user why.
struct PageRefusal: Error {
    /// The text of the catalogue that explains the refusal.
    enum Kind: String, Sendable {
        case request = "", client, redirectURI = "redirect_uri", expired, cookie, csrf, session, unavailable, server
        case notFound = "not_found"
        case form

        /// The kind for an error: that of server errors if it is one, or else the given kind.
        init(of error: OAuthError, otherwise kind: Kind) {
            switch error.code {
            case .temporarilyUnavailable: self = .unavailable
            case .serverError: self = .server
            default: self = kind
            }
        }
    }

    let kind: Kind
    let error: OAuthError
    /// The URL on this server at which the request can start over.
    let again: String?

    init(_ kind: Kind, _ error: OAuthError, again: String? = nil) {
        self.kind = kind
        self.error = error
        self.again = again
    }
}
