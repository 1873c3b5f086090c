// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A resolved authorization request: its parameters, and the writes that its completion makes.
struct ResolvedRequest: Sendable {
    var parameters: Parameters
    /// The writes to commit with the response and no earlier, so that a user may reload the sign-in page.
    var onCompletion: [StoreWrite] = []
}

/// Fetches or opens the real request behind a reference or an object.
///
/// At most one applies to a request.
protocol AuthorizationRequestResolver: LaterRole {
    var parameters: [ParameterDeclaration] { get }
    /// The request to which these parameters refer; nil if they are the request.
    func resolve(_ outer: Parameters, client: Client) async throws -> ResolvedRequest?
}

extension AuthorizationRequestResolver {
    var line: String { "resolves \(parameters.map(\.name).joined(separator: ","))" }
}
