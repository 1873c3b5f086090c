// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A refusal that goes to the client through the browser (RFC 6749 section 4.1.2.1).
struct RedirectRefusal: Error {
    let error: OAuthError
    let destination: AuthorizationDestination
}
