// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension OAuthError {
    /// The refusal of a subject token, whatever the reason (RFC 8693 section 2.2.2).
    static func subject(_ reason: String) -> OAuthError {
        OAuthError(.invalidRequest, "the subject token is not accepted", reason: "subject token: \(reason)")
    }

    /// The refusal of an actor token, whatever the reason.
    static func actor(_ reason: String) -> OAuthError {
        OAuthError(.invalidRequest, "the actor token is not accepted", reason: "actor token: \(reason)")
    }

    /// The refusal of a target (RFC 8693 section 2.2.2).
    static func target(_ description: String, reason: String? = nil) -> OAuthError {
        OAuthError(.invalidTarget, description, reason: reason)
    }
}
