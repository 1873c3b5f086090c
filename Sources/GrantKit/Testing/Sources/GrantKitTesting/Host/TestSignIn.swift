// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

/// A step of sign-in and consent as a browser sees it: the page that it shows now, or what came of it.
///
/// It is a value, so a page can be submitted more than once, as after the back button.
///
/// ```swift
/// let page = try await plugin.signIn("one-time-code")
/// let end = try await page.submit(["code": "123456"])
/// #expect(end.result?.amr == ["otp"])
/// ```
public struct TestSignIn: Sendable {
    /// The plugin.
    public let plugin: TestPlugin
    /// What the server takes from the step.
    ///
    /// It refuses a sign-in that the step allows, for example if the user does not exist.
    public let outcome: StepOutcome
    /// The number of forms that were submitted before.
    public let number: Int
    let step: any InteractionStep
    /// The interaction with which a form of the page is submitted.
    let interaction: Interaction
    /// What the step itself has returned.
    let answered: StepOutcome
    /// The page that the step returned for the last form, before the redirect.
    let posted: Page?

    /// The page; nil if the step shows none.
    public var page: Page? {
        if case .page(let page) = outcome { page } else { nil }
    }

    /// The result; nil if the step is not done.
    public var result: StepResult? {
        if case .done(let result) = outcome { result } else { nil }
    }

    /// The refusal; nil if the sign-in is not refused.
    public var refusal: OAuthError? {
        if case .refuse(let error) = outcome { error } else { nil }
    }

    /// Whether the step has nothing to ask.
    public var isSkipped: Bool {
        if case .skip = outcome { true } else { false }
    }

    /// Submits the form of the page and follows the redirect to the next page, as a browser does.
    ///
    /// - Parameter fields: The fields; those that the step does not declare are dropped.
    /// - Returns: The next page, or the end.
    /// - Throws: `OAuthError` if a field is repeated or too long, or as the step throws it; `HostRefusal` for a mistake
    ///   of the plugin; `StoreError`; and every other error of the step.
    public func submit(_ fields: Parameters) async throws -> TestSignIn {
        guard page != nil else { throw HostRefusal("the step '\(step.name)' shows no page that could be submitted") }
        let accepted = try TestParameters(declarations: step.fields).accept(fields, reader: "the step")
        let posted = try await plugin.advance(step, interaction, accepted)
        guard case .page(let page) = posted else {
            return try await plugin.show(posted, by: step, interaction, number + 1, nil)
        }
        var loaded = interaction
        loaded.kept = page.kept
        let shown = try await plugin.advance(step, loaded, [:])
        return try await plugin.show(shown, by: step, loaded, number + 1, page)
    }

    /// Loads the page again, with what the step has kept with it.
    ///
    /// - Returns: The page, which should be the same.
    /// - Throws: As `submit`.
    public func reload() async throws -> TestSignIn {
        let shown = try await plugin.advance(step, interaction, [:])
        return try await plugin.show(shown, by: step, interaction, number, posted)
    }
}
