// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lets people create an account: a link on the page of another step, and the value `create` of `prompt`.
struct SignUp: Plugin, LaterStep {
    static let manifest = PluginManifest(
        id: "sign-up", summary: "accounts that users create", specification: "OpenID Connect Prompt Create 1.0")

    let name = "sign-up"
    let phase = StepPhase.identify
    let fields = [ParameterDeclaration("email", longest: 254), ParameterDeclaration("code", longest: 16, secret: true)]
    let offer: StepOffer? = StepOffer(
        label: "sign_up_link", style: .link, prompt: InteractionPolicy.Prompt(rawValue: "create"))
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func advance(_ visit: StepVisit, submitted: Parameters) async throws -> LaterOutcome {
        guard let email = visit.interaction.kept?["email"]?.string else { return try await ask(submitted["email"]) }
        let code = visit.interaction.kept?["digest"]?.string
        guard let typed = submitted["code"], host.cryptography.digest(typed) == code else {
            return .page(Page("sign-up", ["error": "wrong"], kept: visit.interaction.kept))
        }
        let change = try await host.users.documents.create(["id": .string(email), "email": .string(email)])
        return .done(LaterResult(StepResult(subject: .user(change.entry.id), amr: ["otp"])))
    }

    private func ask(_ email: String?) async throws -> LaterOutcome {
        guard let email else { return .page(Page("sign-up")) }
        let code = host.random(bytes: 8)
        let message = Message(
            channel: "mail", recipient: email, text: "sign_up_mail", values: ["code": code], limit: .seconds(600))
        _ = try await host.store.write([try await host.messages.send(message)])
        let kept: JSON = ["email": .string(email), "digest": .string(host.cryptography.digest(code))]
        return .page(Page("sign-up", ["email": .string(email)], kept: kept))
    }
}
