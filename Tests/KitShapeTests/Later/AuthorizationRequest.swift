// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an authorization request stood for: its parameters, and what its completion uses up.
struct ResolvedRequest: Sendable {
    var parameters: Parameters
    /// Committed with the answer and no earlier, so that a person may reload the sign-in page.
    var onCompletion: [StoreWrite] = []
}

/// Fetches or opens the real request behind a reference or an object.
protocol AuthorizationRequestResolver: Sendable {
    var parameters: [ParameterDeclaration] { get }
    /// The request that these parameters stand for, or nil if they are the request.
    func resolve(_ outer: Parameters, client: Client) async throws -> ResolvedRequest?
}
