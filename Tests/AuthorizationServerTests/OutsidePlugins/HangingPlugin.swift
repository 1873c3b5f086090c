// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Logging
import Support

/// A plugin from outside that does what a request asks for: block, compute without end, never return, write late.
struct HangingPlugin: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "hanging", summary: "", specification: "")
    /// A value that belongs to the task of a request.
    @TaskLocal static var local: String = "nothing"
    static let client: JSON = ["id": "c", "grant_types": ["hanging"], "scope": ["read"]]

    let declaration = GrantDeclaration("hanging", client: .identified)
    let parameters = [ParameterDeclaration("do")]
    private let host: any PluginHost
    private let gate: HangingGate
    private let atStart: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        gate = HangingGate.named(settings.read("gate", default: "", "the gate"))
        atStart = settings.read("at_start", default: "", "what to do at the start")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(collection: StoreCollection("hanging"))
        registry.add(endpoint: HangingPage(host: host, gate: gate))
    }

    func start() async throws {
        if atStart == "block" { gate.block() }
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        switch request.parameters["do"] {
        case "block": gate.block()
        case "spin": gate.spin()
        case "wait": await gate.wait()
        case "cancel": try await Task.sleep(for: .seconds(36_000))
        case "write":
            gate.block()
            await HangingPlugin.write("late", host, gate)
        default: break
        }
        gate.noteThread("authorize")
        _ = try await host.store.read(StoreKey("hanging", "any"))
        gate.noteThread("authorize after the store")
        gate.note("the local value is \(HangingPlugin.local)")
        var authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
        if request.parameters["do"] == "write" { authorization.writes = [.create(HangingPlugin.record("answer"))] }
        return authorization
    }

    static func record(_ id: String) -> StoreRecord {
        StoreRecord(StoreKey("hanging", id), [:], expiresAt: Timestamp(seconds: 1_900_000_000))
    }

    static func write(_ id: String, _ host: any PluginHost, _ gate: HangingGate) async {
        do {
            let outcome = try await host.store.write([.create(record(id))])
            gate.note("wrote \(id): \(outcome)")
        } catch {
            gate.note("not written: \(error)")
        }
    }

    /// A server with this plugin as one from outside.
    ///
    /// - Parameters:
    ///   - gate: The name of the plugin's gate.
    ///   - deadlines: The deadlines of its calls.
    ///   - atStart: What the plugin does at the start.
    ///   - log: Gets what the plugin's threads log.
    static func server(
        _ gate: String, _ deadlines: PluginDeadlines, atStart: String = "", log: RecordedLog = RecordedLog()
    ) async throws -> TestServer {
        let logger = Logger(label: "test") { _ in log }
        let threads = PluginThreads(of: "hanging", deadlines: deadlines, logger: logger)
        let hanging = PluginSetup(
            HangingPlugin.self, ["gate": .string(gate), "at_start": .string(atStart)], threads: threads)
        let service: JSON = [
            "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
            "scope": ["read"],
        ]
        let plugins: [PluginSetup] = [
            .init(CountingStore.self), .init(Plugins.opaqueToken), .init(Plugins.clientCredentials),
            .init(NotingFilter.self, ["gate": .string(gate)]), hanging,
        ]
        return try await TestServer(plugins, clients: [client, service])
    }
}

/// A page that writes, blocks, and writes again.
private struct HangingPage: Endpoint {
    let route = Route(["GET"], "/hanging")
    let admission = Admission.browser()
    let host: any PluginHost
    let gate: HangingGate

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        await HangingPlugin.write("first", host, gate)
        gate.block()
        await HangingPlugin.write("second", host, gate)
        return EndpointResponse(["done": true])
    }
}

/// A plugin that comes with the server, whose filter runs after the grant of the other one.
private struct NotingFilter: Plugin, TokenRequestFilter {
    static let manifest = PluginManifest(id: "noting", summary: "", specification: "")
    private let gate: HangingGate

    init(settings: Settings, host: any PluginHost) throws {
        gate = HangingGate.named(settings.read("gate", default: "", "the gate"))
    }

    func register(in registry: inout Registry) { registry.add(tokenFilter: self) }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        gate.noteThread("narrow")
    }
}
