// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Access while the person is away (OpenID Connect Core section 11): whether it was asked for travels with the
/// authorization, so that a person who says no to it is heard also where the client would get a refresh token anyway.
struct OfflineAccess: AuthorizationRequestFilter {
    static let scope = "offline_access"

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        guard policy.limits.scope.contains(OfflineAccess.scope) else { return }
        policy.attachments[RefreshToken.manifest.id] = ["asked": true]
    }

    /// Whether it was asked for and not granted.
    static func isRefused(_ authorization: Authorization) -> Bool {
        authorization.attachments[RefreshToken.manifest.id]?["asked"] == true
            && !authorization.scope.contains(scope)
    }
}
