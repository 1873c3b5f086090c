// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A step that can leave for another site and can be one of several that the user chooses from.
///
/// Takes the place of `InteractionStep` with one more requirement that has a default, `offer`.
protocol LaterStep: LaterRole {
    var name: String { get }
    var phase: StepPhase { get }
    var fields: [ParameterDeclaration] { get }
    /// How the step is offered beside the others of its phase; nil if it always runs.
    var offer: StepOffer? { get }
    func advance(_ visit: StepVisit, submitted: Parameters) async throws -> LaterOutcome
}

extension LaterStep {
    var fields: [ParameterDeclaration] { [] }
    var offer: StepOffer? { nil }
    var line: String { "step \(name)" + (offer.map { " as \($0.style)" } ?? "") }
}

/// A way to sign in, among others.
struct StepOffer: Sendable {
    enum Style: Sendable, Hashable {
        /// The step's page is shown, with the other offers below it.
        case page
        case button
        case link
    }

    /// The name of one of the texts that the plugin added together with a page.
    var label: String
    var style: Style
    /// The value of `prompt` that goes straight to the step.
    var prompt: InteractionPolicy.Prompt?
    /// The assets that the page of another step loads for this one.
    var assets: [String] = []
}

/// Takes the place of `Interaction`, with the members that it will get.
struct StepVisit: Sendable {
    var interaction: Interaction
    /// The address to which another site sends the browser back.
    ///
    /// It is the same for every visit of one step.
    var returnAddress = ""
    /// The value of `state` for the other site.
    ///
    /// It is bound to the browser, and the first return uses it up.
    var returnState = ""
    /// What the other site has sent back.
    var returned: Parameters?
}

/// Takes the place of `StepOutcome` with one more case.
enum LaterOutcome: Sendable {
    case skip
    case done(LaterResult)
    case page(Page, assets: [String] = [])
    case refuse(OAuthError)
    /// Sends the browser to another site. The step continues when it returns.
    case leave(String, kept: JSON)
}

/// Takes the place of `StepResult` with one more member.
struct LaterResult: Sendable {
    var result: StepResult
    /// The writes that are committed with the session that begins.
    var writes: [StoreWrite] = []

    init(_ result: StepResult, writes: [StoreWrite] = []) {
        self.result = result
        self.writes = writes
    }
}

extension InteractionPolicy.Prompt {
    /// For the host: the prompts of a parameter.
    ///
    /// - Throws: `OAuthError` `invalid_request` for an unknown value, and for `none` with others.
    static func parse(_ value: String, offered: [StepOffer]) throws -> Set<InteractionPolicy.Prompt> {
        let prompts = Set(value.split(separator: " ").map { InteractionPolicy.Prompt(rawValue: String($0)) })
        let known = Set([none, login, consent, selectAccount] + offered.compactMap(\.prompt))
        guard prompts.isSubset(of: known), !prompts.contains(none) || prompts.count == 1 else {
            throw OAuthError(.invalidRequest, "'prompt' has a value that this server does not support")
        }
        return prompts
    }
}
