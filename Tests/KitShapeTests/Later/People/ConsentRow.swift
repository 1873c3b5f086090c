// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A row of the consent page.
///
/// `ConsentTerms` will have a list of them.
struct ConsentRow: Sendable {
    /// The name by which `Authorization.declined` has it.
    var name: String
    /// The name of one of the texts that the plugin added together with a page.
    var text: String
    /// The values of the variables in the text; they are escaped.
    var values: [String: String] = [:]
    /// Whether the user can untick it and allow the rest.
    var isOptional = false
}

/// Takes the place of `AuthorizationRequestFilter`, whose policy has the rows in `consent`.
protocol ConsentingFilter: LaterRole {
    var parameters: [ParameterDeclaration] { get }
    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy, _ rows: inout [ConsentRow]) throws
}

extension ConsentingFilter {
    var line: String { "asks about \(parameters.map(\.name).joined(separator: ","))" }
}
