// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Asks a user to sign in and consent on behalf of an endpoint.
struct InteractionStart: Sendable {
    /// The name of the purpose that is notified of the result; sealed state can contain a name, but not a plugin.
    var purpose: String
    var client: Client
    var policy: InteractionPolicy
    var context: JSON
}

/// The purpose of a sign-in and consent.
protocol InteractionPurpose: Sendable {
    var name: String { get }
    /// The grant under which the authorization is issued.
    var grant: GrantDeclaration { get }
    func approved(_ authorization: Authorization, context: JSON) async throws -> Reply
    func denied(context: JSON) async throws -> Reply
}
