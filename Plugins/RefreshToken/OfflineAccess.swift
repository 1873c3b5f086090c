// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Offline access (OpenID Connect Core section 11).
///
/// The authorization records whether it was requested, so that a user's refusal counts even for a client that would get
/// a refresh token anyway.
struct OfflineAccess: AuthorizationRequestFilter {
    static let scope = "offline_access"

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        guard policy.limits.scope.contains(OfflineAccess.scope) else { return }
        policy.attachments[RefreshToken.manifest.id] = ["asked": true]
    }

    /// Whether offline access was requested but not granted.
    static func isRefused(_ authorization: Authorization) -> Bool {
        authorization.attachments[RefreshToken.manifest.id]?["asked"] == true
            && !authorization.scope.contains(scope)
    }
}
