// SPDX-License-Identifier: Apache-2.0

import GrantKit
import MemoryRecords

/// A response type of a plugin that each check makes for itself.
struct FlowCase: Sendable {
    let subject: PluginUnderTest
    let word: String

    var client: Client? { subject.authorized[word]?.client }

    func load(records: any Store = MemoryRecords()) async throws -> (plugin: TestPlugin, flow: any AuthorizationFlow) {
        let plugin = try await subject.load(records: records)
        guard let flow = plugin.registry.flows.first(where: { $0.word == word }) else {
            throw ConformanceFailure("the plugin no longer adds the response type '\(word)' when it is made again")
        }
        return (plugin, flow)
    }

    /// A plugin with a request that its flow grants.
    func request() async throws -> (plugin: TestPlugin, parameters: Parameters) {
        let (plugin, flow) = try await load()
        return (plugin, try await subject.parameters(for: flow, of: plugin))
    }

    func ask(_ plugin: TestPlugin, _ parameters: Parameters) async throws -> TestAuthorizationRequest {
        try await plugin.ask(word, parameters, from: client)
    }

    /// Sends a request.
    ///
    /// - Returns: What comes of it, or the refusal.
    /// - Throws: `ConformanceFailure` for every end that a client would see as a failure of the server.
    func result<Value: Sendable>(
        _ what: String, _ send: () async throws -> Value
    ) async throws -> Result<Value, OAuthError> {
        let request = "\(what) to '\(word)'"
        return try await Result(of: request, send).checked(request)
    }

    func response(
        _ what: String, _ plugin: TestPlugin, _ parameters: Parameters
    ) async throws -> Result<TestAuthorizationResponse, OAuthError> {
        try await result(what) { try await ask(plugin, parameters).approve() }
    }

    /// The response to the good request on a fresh plugin; nil if it is refused.
    func good() async throws -> (plugin: TestPlugin, response: TestAuthorizationResponse)? {
        let (plugin, parameters) = try await request()
        guard case .success(let response) = try await response("the request", plugin, parameters) else { return nil }
        return (plugin, response)
    }
}

extension OAuthError {
    /// The refusal as the end of a sentence.
    var sentence: String { "refused with \(code.rawValue) (\(reason ?? description))" }
}
