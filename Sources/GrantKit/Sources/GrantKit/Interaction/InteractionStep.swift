// SPDX-License-Identifier: Apache-2.0

/// One thing that is asked of a person.
public protocol InteractionStep: Sendable {
    /// The step's name, unique in a server.
    var name: String { get }
    /// When it runs.
    var phase: StepPhase { get }
    /// The fields of its page.
    var fields: [ParameterDeclaration] { get }
    /// Continues with what the person submitted; with nothing the first time, or when the page is loaded again.
    ///
    /// It may be called again for the same form, and with an older `kept` than the last: what must happen once belongs
    /// into the store.
    ///
    /// - Throws: `OAuthError` where the server cannot answer now; the person sees it on a page. A `StoreError` is
    ///   answered as `temporarily_unavailable`, any other error as `server_error`.
    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome
}
