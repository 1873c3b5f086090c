// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Asks a user who has been identified for a code that changes.
struct OneTimeCode: InteractionStep {
    let host: any PluginHost
    /// Whether a code is the current one of a user.
    let isRight: @Sendable (_ code: String, _ user: String) async throws -> Bool
    let name = "one-time-code"
    let phase = StepPhase.verify
    let fields = [ParameterDeclaration("code", longest: 16, secret: true)]

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        guard case .user(let id)? = interaction.subject else {
            return .refuse(OAuthError(.accessDenied, "no user has signed in"))
        }
        // The session knows which methods were used, so users are asked once for each session.
        guard !interaction.amr.contains("otp") else { return .skip }
        // The first time, and when the page is reloaded: 'kept' has what was wrong.
        guard let code = submitted["code"] else { return page(interaction.kept?["problem"]?.string) }
        // Counted before anything is compared, so that many guesses at once do not help.
        guard case .allowed(let attempt) = try await host.attempts.count("code", of: id, from: interaction.address)
        else { return page("later") }
        guard try await isRight(code, id) else { return page("wrong") }
        try await host.attempts.succeeded(attempt)
        return .done(StepResult(amr: ["otp"]))
    }

    private func page(_ problem: String?) -> StepOutcome {
        let values: JSON = problem.map { ["problem": .string($0)] } ?? [:]
        return .page(Page("one_time_code", values, kept: values))
    }
}
