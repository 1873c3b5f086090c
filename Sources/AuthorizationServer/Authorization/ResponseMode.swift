// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The way in which authorization responses are sent (OAuth 2.0 Multiple Response Types section 2.1, Form Post).
enum ResponseMode: String, Sendable, CaseIterable {
    case query
    case fragment
    case formPost = "form_post"
}
