// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The errors of RFC 8628 section 3.5.
extension OAuthError.Code {
    /// The user has not decided yet.
    static let authorizationPending = OAuthError.Code(rawValue: "authorization_pending")
    /// The device polls too often, and must wait five seconds longer from now on.
    static let slowDown = OAuthError.Code(rawValue: "slow_down")
    /// The device code has expired.
    static let expiredToken = OAuthError.Code(rawValue: "expired_token")
}
