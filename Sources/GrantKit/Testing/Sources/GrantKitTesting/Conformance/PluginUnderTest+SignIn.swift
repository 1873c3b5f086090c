// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension PluginUnderTest {
    /// Begins a step.
    public typealias Begin = @Sendable (TestPlugin) async throws -> TestSignIn
    /// Makes the fields that are right for the page of a step.
    public typealias Fields = @Sendable (TestSignIn) async throws -> GrantKit.Parameters

    /// The same plugin with the right answers for one of its steps.
    ///
    /// Without it, a page is answered with the examples of the step's fields.
    ///
    /// ```swift
    /// .answering("one-time-code") { page in ["code": try await code(for: page.plugin)] }
    /// ```
    ///
    /// - Parameters:
    ///   - step: The step's name.
    ///   - begin: Begins the step so that it shows its page; by default `signIn` of the plugin with only the name.
    ///   - fields: Makes the right fields for each page, also for the same page again.
    /// - Returns: The plugin with the answers.
    public func answering(_ step: String, begin: Begin? = nil, _ fields: @escaping Fields) -> PluginUnderTest {
        var copy = self
        copy.answers[step] = StepAnswers(begin: begin, fields: fields)
        return copy
    }

    /// The same plugin with a request that one of its response types grants.
    ///
    /// Without it, a request has the examples of the parameters, and all scope values that the plugin adds.
    ///
    /// - Parameters:
    ///   - responseType: The value of `response_type`.
    ///   - client: The client that sends it; by default one that may use the response type.
    ///   - parameters: Makes the parameters, a new request at each call; it can write to the plugin's store first.
    /// - Returns: The plugin with the request.
    public func authorizing(
        _ responseType: String, from client: Client? = nil, _ parameters: @escaping Parameters
    ) -> PluginUnderTest {
        var copy = self
        copy.authorized[responseType] = (client, parameters)
        return copy
    }

    /// Begins a step of a plugin.
    func begin(_ step: any InteractionStep, of plugin: TestPlugin) async throws -> TestSignIn {
        guard let begin = answers[step.name]?.begin else { return try await plugin.signIn(step.name) }
        return try await begin(plugin)
    }

    /// The right fields for the page of a step.
    func fields(for page: TestSignIn) async throws -> GrantKit.Parameters {
        if let made = answers[page.step.name]?.fields { return try await made(page) }
        return ExampleParameters(random: page.plugin.host.random).parameters(page.step.fields)
    }

    /// The parameters of an authorization request that a flow grants.
    func parameters(for flow: any AuthorizationFlow, of plugin: TestPlugin) async throws -> GrantKit.Parameters {
        if let made = authorized[flow.word]?.parameters { return try await made(plugin) }
        return examples(of: plugin)
    }

    /// An authorization request with the examples of all parameters.
    func examples(of plugin: TestPlugin) -> GrantKit.Parameters {
        let registry = plugin.registry
        let declared = TestParameters.distinct(
            registry.flows.flatMap { $0.parameters } + registry.requestFilters.flatMap { $0.parameters })
        var all = ExampleParameters(random: plugin.host.random).parameters(declared).all
        let words = registry.scopesOnRequest.union(registry.requiredScopes).sorted()
        if !words.isEmpty { all.append((name: "scope", value: (words + ["read"]).joined(separator: " "))) }
        return GrantKit.Parameters(all)
    }
}
