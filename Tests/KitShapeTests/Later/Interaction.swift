// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What signing in and consenting have to reach before an authorization request is granted.
struct InteractionPolicy: Sendable {
    enum Prompt: String, Sendable {
        case none
        case login
        case consent
        case selectAccount = "select_account"
    }

    var prompts: Set<Prompt> = []
    var maxAge: Duration?
    var acr: [String] = []
    /// Who has to be the one that signs in.
    var subject: Subject?
    var loginHint: String?
    var limits: AccessLimits
    /// Becomes `Authorization.attachments`, each under the id of the plugin that put it there.
    var attachments: [String: JSON] = [:]

    init(limits: AccessLimits) {
        self.limits = limits
    }
}

/// A page that only the core renders; a plugin names it and gives its values.
struct Page: Sendable {
    var name: String
    var values: JSON = [:]
    /// What the step gets back with what the person submits.
    var kept: JSON?
}

/// A sign-in and consent as one of its steps sees it.
struct Interaction: Sendable {
    var client: Client
    var policy: InteractionPolicy
    /// Whom the steps before have established.
    var subject: Subject?
    /// What this step kept with its last page.
    var kept: JSON?
}

enum StepPhase: Int, Sendable {
    case identify
    case verify
    case choose
    case consent
}

/// What a finished step adds to the authorization.
struct StepResult: Sendable {
    var subject: Subject?
    var amr: [String] = []
    var acr: String?
    var attachments: [String: JSON] = [:]
}

enum StepOutcome: Sendable {
    case skip
    case done(StepResult)
    case page(Page)
    case refuse(OAuthError)
}

/// One thing that is asked of a person.
protocol InteractionStep: Sendable {
    var name: String { get }
    var phase: StepPhase { get }
    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome
}

/// Asks a person to sign in and consent on behalf of an endpoint.
struct InteractionStart: Sendable {
    /// The name of the purpose that is told how it ended; sealed state can hold a name, but not a plugin.
    var purpose: String
    var client: Client
    var policy: InteractionPolicy
    var context: JSON
}

/// What a sign-in and consent was for.
protocol InteractionPurpose: Sendable {
    var name: String { get }
    /// The grant under which the authorization is issued.
    var grant: GrantDeclaration { get }
    func approved(_ authorization: Authorization, context: JSON) async throws -> Reply
    func denied(context: JSON) async throws -> Reply
}
