// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// The longest value that fits into the URL of a page with the rest of a request, in bytes.
    static let longestKept = 6000

    /// Begins a step of sign-in and consent, as the server does when it is the step's turn.
    ///
    /// - Parameters:
    ///   - name: The step's name.
    ///   - client: The client; by default one with the scope `read write`.
    ///   - policy: The requirements; by default none, with the client's scope as the limits.
    ///   - subject: The user whom a session or an earlier step has identified. By default nobody for a step of the
    ///     phase `identify`, and for others a user of the host with the id `user-1`.
    ///   - amr: The authentication methods so far.
    ///   - acr: The authentication context class so far.
    ///   - address: The address of the browser.
    /// - Returns: The page of the step, or what came of it without one.
    /// - Throws: As `TestSignIn.submit`.
    public func signIn(
        _ name: String, client: Client? = nil, policy: InteractionPolicy? = nil, subject: Subject? = nil,
        amr: [String] = [], acr: String? = nil, address: String = "192.0.2.7"
    ) async throws -> TestSignIn {
        guard let step = registry.steps.first(where: { $0.name == name }) else {
            throw HostRefusal("the plugin adds no step '\(name)': add it with registry.add(step:) in register")
        }
        let client = client ?? .test(id: "client-1", scope: ["read", "write"])
        var known = subject
        if known == nil, step.phase != .identify { known = .user(try await someone().id) }
        var interaction = Interaction.test(client: client, policy: policy, subject: known, address: address)
        interaction.authenticatedAt = known == nil ? nil : host.clock.now
        (interaction.amr, interaction.acr) = (amr, acr)
        // A session identifies the user already.
        let isOver = step.phase == .identify && known != nil
        let outcome: StepOutcome = try await isOver ? .skip : advance(step, interaction, [:])
        return try await show(outcome, by: step, interaction, 0, nil)
    }

    /// The user of a test that names none.
    func someone() async throws -> User {
        if let user = try await host.users.find("user-1") { return user }
        let user = User(id: "user-1", isActive: true, document: ["id": "user-1", "userName": "user-1"])
        host.users.add(user)
        return user
    }

    /// Calls a step.
    func advance(
        _ step: any InteractionStep, _ interaction: Interaction, _ submitted: Parameters
    ) async throws -> StepOutcome {
        let names = UndeclaredNames(declared: step.fields.map(\.name))
        let watched = names.watching(submitted)
        return try await names.during(TestPlugin.undeclaredField) {
            try await step.advance(interaction, submitted: watched)
        }
    }

    private static func undeclaredField(_ name: String) -> String {
        "the step reads the field '\(name)', which it does not declare: correct the name, or add it to its fields"
    }

    /// Takes what a step has returned, as far as the server takes it.
    func show(
        _ answered: StepOutcome, by step: any InteractionStep, _ interaction: Interaction, _ number: Int,
        _ posted: Page?
    ) async throws -> TestSignIn {
        var (outcome, following) = (answered, interaction)
        switch answered {
        case .page(let page):
            try check(page)
            following.kept = page.kept
        case .done(let result):
            if let error = try await refusal(of: result, by: step, interaction) { outcome = .refuse(error) }
        default: break
        }
        return TestSignIn(
            plugin: self, outcome: outcome, number: number, step: step, interaction: following, answered: answered,
            posted: posted)
    }

    private func check(_ page: Page) throws {
        // Each page of an interaction names the client.
        try ShownPage(page: page, plugin: self).check("a step", besides: ["client"])
        let size = page.kept?.bytes.count ?? 0
        guard size <= TestPlugin.longestKept else {
            throw HostRefusal(
                "the page '\(page.name)' keeps \(size) bytes, and about \(TestPlugin.longestKept) fit into its URL: "
                    + "keep less in Page.kept, and refuse what is too long")
        }
    }

    /// The refusal of a sign-in that the step itself would allow; nil if there is none.
    private func refusal(
        of result: StepResult, by step: any InteractionStep, _ interaction: Interaction
    ) async throws -> OAuthError? {
        if let subject = result.subject, let known = interaction.subject, subject != known {
            return OAuthError(.accessDenied, "two steps identified different users")
        }
        guard step.phase == .identify else { return nil }
        guard case .user(let id)? = result.subject else {
            return OAuthError(TestPlugin.loginRequired, "no user is signed in")
        }
        guard let user = try await host.users.find(id), user.isActive else {
            return OAuthError(.accessDenied, "the account cannot be used")
        }
        guard result.epoch == nil || result.epoch == user.epoch else {
            return OAuthError(TestPlugin.loginRequired, "the password has changed since it was typed")
        }
        guard let wanted = interaction.policy.subject, wanted != .user(id) else { return nil }
        return OAuthError(TestPlugin.loginRequired, "the request asks for a different user to sign in")
    }

    private static let loginRequired = OAuthError.Code(rawValue: "login_required")
}
