// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A refusal that the client is told about through the browser (RFC 6749 section 4.1.2.1).
struct RedirectRefusal: Error {
    let error: OAuthError
    let destination: AuthorizationDestination
}
