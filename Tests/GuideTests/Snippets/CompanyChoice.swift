// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Asks users who work for several companies which of them a client gets access for.
struct CompanyChoice: InteractionStep {
    let host: any PluginHost
    let name = "company-choice"
    let phase = StepPhase.choose
    let fields = [ParameterDeclaration("company", longest: 64)]

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        guard case .user(let id)? = interaction.subject, let user = try await host.users.find(id) else {
            return .refuse(OAuthError(.accessDenied, "no user has signed in"))
        }
        let companies = user.document["companies"]?.strings ?? []
        guard companies.count > 1 else { return companies.first.map(chosen) ?? .skip }
        // A form can name any company, so only one of the user's own counts.
        guard let company = companies.first(where: { $0 == submitted["company"] }) else {
            return .page(Page("company", ["companies": .strings(companies)]))
        }
        return chosen(company)
    }

    private func chosen(_ company: String) -> StepOutcome {
        .done(StepResult(attachments: ["company-choice": ["company": .string(company)]]))
    }
}

/// Puts the company into access tokens, also after a refresh.
extension CompanyChoice: ClaimsSource {
    var claims: [String] { ["company"] }
    var destinations: Set<ClaimsDestination> { [.accessToken, .introspection] }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        let kept = request.authorization.attachments["company-choice"]
        return kept?["company"].map { [JSON.Member("company", $0)] } ?? []
    }
}
