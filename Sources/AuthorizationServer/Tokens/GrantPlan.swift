// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A grant and the parameters that it accepts.
struct GrantPlan: Sendable {
    let grant: any TokenGrant
    let declaration: GrantDeclaration
    let acceptance: ParameterAcceptance

    /// The parameters that every request to the token endpoint may have.
    private static let standard = [
        ParameterDeclaration("grant_type", required: true, longest: 256),
        ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("audience", repeatable: true),
    ]

    init(_ grant: any TokenGrant, filteredBy filters: TokenFilters) {
        self.grant = grant
        declaration = grant.declaration
        acceptance = ParameterAcceptance(grant.parameters + GrantPlan.standard + filters.parameters)
    }
}
