// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A grant, the parameters that it accepts, and the collections that it may return writes to.
struct GrantPlan: Sendable {
    let grant: any TokenGrant
    let owner: DeclaredCollections
    let declaration: GrantDeclaration
    let acceptance: ParameterAcceptance

    /// The parameters that every request to the token endpoint may have.
    private static let standard = [
        ParameterDeclaration("grant_type", required: true, longest: 256),
        ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("audience", repeatable: true),
    ]

    init(_ owned: Owned<any TokenGrant>, filteredBy filters: TokenFilters) {
        grant = owned.role
        owner = owned.owner
        declaration = grant.declaration
        acceptance = ParameterAcceptance(grant.parameters + GrantPlan.standard + filters.parameters)
    }
}
