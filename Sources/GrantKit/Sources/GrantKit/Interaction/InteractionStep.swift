// SPDX-License-Identifier: Apache-2.0

/// A step of sign-in and consent, which may show pages to the user.
public protocol InteractionStep: Sendable {
    /// The step's name, unique in a server.
    var name: String { get }
    /// The phase in which it runs.
    var phase: StepPhase { get }
    /// The fields of its forms.
    var fields: [ParameterDeclaration] { get }
    /// Continues the step with what the user has submitted.
    ///
    /// It may be called again for the same form, and with an older `kept` than the last. Anything that must happen only
    /// once must be in the store.
    ///
    /// - Parameters:
    ///   - interaction: The interaction.
    ///   - submitted: The fields of the form; empty the first time and when the page is reloaded.
    /// - Returns: The outcome.
    /// - Throws: `OAuthError` if the step cannot continue now, which is shown on a page. A `StoreError` becomes
    ///   `temporarily_unavailable`, any other error `server_error`.
    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome
}
