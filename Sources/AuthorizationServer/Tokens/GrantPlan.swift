// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A grant with its plugin, and the parameters that it accepts.
struct GrantPlan: Sendable {
    let grant: Owned<any TokenGrant>
    let declaration: GrantDeclaration
    let acceptance: ParameterAcceptance

    /// The parameters that every request to the token endpoint may have.
    static let standard = [
        ParameterDeclaration("grant_type", required: true, longest: 256),
        ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("audience", repeatable: true),
    ]

    init(
        _ owned: Owned<any TokenGrant>, filteredBy filters: TokenFilters,
        credentials: [ParameterDeclaration] = ParameterAcceptance.credentials
    ) {
        declaration = owned.role.declaration
        acceptance = ParameterAcceptance(
            owned.role.parameters + GrantPlan.standard + filters.parameters, credentials: credentials)
        grant = owned.watching(acceptance, as: "TokenGrant")
    }
}
