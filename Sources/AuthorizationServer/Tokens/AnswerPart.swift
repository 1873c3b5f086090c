// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The part of a response that belongs to one grant.
struct AnswerPart {
    let grant: GrantDeclaration
    let stage: Stage
    /// Whether the core adds an access token for this grant.
    let hasAccessToken: Bool
    /// Adds what the plugin of the grant creates.
    let extend: ((inout Issuance) async throws -> Void)?

    init(
        of grant: GrantDeclaration, at stage: Stage = .credential, hasAccessToken: Bool = true,
        extend: ((inout Issuance) async throws -> Void)? = nil
    ) {
        self.grant = grant
        self.stage = stage
        self.hasAccessToken = hasAccessToken
        self.extend = extend
    }
}
