// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension PluginUnderTest {
    /// Makes a request to an endpoint.
    public typealias Call = @Sendable (TestPlugin) async throws -> TestCall
    /// Makes the context with which an interaction begins.
    public typealias Context = @Sendable (TestPlugin) async throws -> JSON

    /// The same plugin with a request that one of its endpoints answers.
    ///
    /// Without it, a request has the examples of the endpoint's parameters, and a caller that the endpoint admits.
    ///
    /// - Parameters:
    ///   - method: The method of the request.
    ///   - path: The path as the endpoint's route has it, such as `/Groups/{id}`.
    ///   - call: Makes the request, a new one at each call; it can write to the plugin's store first.
    /// - Returns: The plugin with the request.
    public func answering(_ method: String, _ path: String, _ call: @escaping Call) -> PluginUnderTest {
        var copy = self
        copy.answered["\(method) \(path)"] = call
        return copy
    }

    /// The same plugin with a context for one of its purposes.
    ///
    /// Without it, the interaction is the one that an endpoint of the plugin begins.
    ///
    /// - Parameters:
    ///   - purpose: The name of the purpose.
    ///   - context: Makes the context, a new one at each call; it can write to the plugin's store first.
    /// - Returns: The plugin with the context.
    public func asking(_ purpose: String, _ context: @escaping Context) -> PluginUnderTest {
        var copy = self
        copy.contexts[purpose] = context
        return copy
    }

    /// A request to an endpoint: the given one, or one from the endpoint's declarations.
    func call(_ method: String, _ endpoint: any Endpoint, of plugin: TestPlugin) async throws -> TestCall {
        if let made = answered["\(method) \(endpoint.route.path)"] { return try await made(plugin) }
        let parameters = ExampleParameters(random: plugin.host.random).parameters(endpoint.parameters)
        var call = TestCall(method, TestPath(of: endpoint.route).filled(with: "example"), parameters)
        if case .json = endpoint.body, method != "GET", method != "DELETE" { call.document = ["example": true] }
        return call
    }

    /// The context of an interaction: the given one, or the one with which an endpoint begins it.
    func context(of purpose: String, _ plugin: TestPlugin) async throws -> JSON {
        if let made = contexts[purpose] { return try await made(plugin) }
        for endpoint in plugin.registry.endpoints {
            for method in endpoint.route.methods.sorted().reversed() {
                let answer = try? await plugin.call(try await call(method, endpoint, of: plugin))
                guard case .interaction(let name, let context)? = answer?.response.content else { continue }
                if name == purpose { return context }
            }
        }
        throw ConformanceFailure(
            "no endpoint begins the interaction '\(purpose)' with the requests of this test: give a request that does "
                + "with answering(_:_:), or a context with asking(\"\(purpose)\")")
    }
}
