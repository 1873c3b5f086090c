// SPDX-License-Identifier: Apache-2.0

import GrantKit
import MemoryRecords

/// A method of an endpoint of a plugin that each check makes for itself.
struct EndpointCase: Sendable {
    let subject: PluginUnderTest
    let route: Route
    let method: String

    var name: String { "\(method) \(route.path)" }

    static func forEach(
        _ check: @escaping @Sendable (EndpointCase) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for endpoint in try subject.registry().endpoints {
                for method in endpoint.route.methods.sorted() {
                    try await check(EndpointCase(subject: subject, route: endpoint.route, method: method))
                }
            }
        }
    }

    func load(records: any Store = MemoryRecords()) async throws -> (plugin: TestPlugin, endpoint: any Endpoint) {
        let plugin = try await subject.load(records: records)
        guard let endpoint = plugin.registry.endpoints.first(where: { $0.route == route }) else {
            throw ConformanceFailure("the plugin no longer adds the endpoint '\(route.path)' when it is made again")
        }
        return (plugin, endpoint)
    }

    /// A plugin with a request that its endpoint is meant for.
    func request(records: any Store = MemoryRecords()) async throws -> (plugin: TestPlugin, call: TestCall) {
        let (plugin, endpoint) = try await load(records: records)
        var call = try await subject.call(method, endpoint, of: plugin)
        // Repeated requests come from the same caller.
        if call.caller == nil { call.caller = try await caller(of: endpoint, for: plugin) }
        return (plugin, call)
    }

    private func caller(of endpoint: any Endpoint, for plugin: TestPlugin) async throws -> TestCaller? {
        if endpoint is any Endpoint<UserSession> { return .browser(try await plugin.signIn()) }
        guard endpoint is any Endpoint<Bearer> else { return nil }
        let scope = EndpointCase.scope(of: endpoint)
        // Some endpoints are only for tokens of clients, others only for those of users.
        let (probe, probed) = try await load()
        var call = try await subject.call(method, probed, of: probe)
        call.caller = .bearer(try await probe.bearer(scope: scope))
        let isForClients = (try? await probe.call(call)) != nil
        if isForClients { return .bearer(try await plugin.bearer(scope: scope)) }
        return .bearer(try await plugin.bearer(of: try await plugin.signIn().user, scope: scope))
    }

    /// Sends a request.
    func reply(_ plugin: TestPlugin, _ call: TestCall, _ what: String) async throws -> Reply {
        try await Reply("\(what) to \(name)") { try await plugin.call(call) }
    }
}
