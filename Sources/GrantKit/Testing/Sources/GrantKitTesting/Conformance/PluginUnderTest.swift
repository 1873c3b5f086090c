// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import MemoryRecords

/// A plugin, and what the checks need to drive it.
///
/// ```swift
/// static let plugin = PluginUnderTest(VoucherGrant.self, settings: ["series": "spring"])
///     .accepting("urn:example:voucher") { _ in ["voucher": "spring-1"] }
///
/// @Test("keeps the rules of the kit", arguments: plugin.checks)
/// func rules(_ check: PluginCheck) async throws {
///     try await check.run()
/// }
/// ```
public struct PluginUnderTest: Sendable {
    /// Makes the parameters of a request.
    public typealias Parameters = @Sendable (TestPlugin) async throws -> GrantKit.Parameters

    /// Makes the payload of a job.
    public typealias Payload = @Sendable (TestPlugin) async throws -> JSON

    /// Makes a plugin.
    typealias Make = @Sendable (Settings, any PluginHost) throws -> any Plugin

    let manifest: PluginManifest
    let make: Make
    let settings: @Sendable (_ folder: String) -> JSON
    private(set) var prepare: [@Sendable (TestHost) async throws -> Void] = []
    private var accepted: [String: (client: Client?, parameters: Parameters)] = [:]
    private var payloads: [String: Payload] = [:]
    var exceptions = Exceptions()
    private var admitted: (@Sendable (TestPlugin) async throws -> TokenRequest)?
    private var presented: (@Sendable (TestPlugin) async throws -> String)?
    /// The requests that endpoints answer, by method and path.
    var answered: [String: @Sendable (TestPlugin) async throws -> TestCall] = [:]
    /// The contexts with which interactions begin, by purpose.
    var contexts: [String: @Sendable (TestPlugin) async throws -> JSON] = [:]
    var answers: [String: StepAnswers] = [:]
    var authorized: [String: (client: Client?, parameters: Parameters)] = [:]
    /// The request of a client that an authenticator accepts.
    var authenticated: (client: Client, parameters: Parameters)?

    /// Takes a plugin with fixed settings.
    ///
    /// - Parameters:
    ///   - type: The plugin's type.
    ///   - settings: Its section of the configuration.
    public init(_ type: any Plugin.Type, settings: JSON = [:]) {
        self.init(type) { _ in settings }
    }

    /// Takes a plugin whose settings name files.
    ///
    /// - Parameters:
    ///   - type: The plugin's type.
    ///   - settings: Makes its section of the configuration from an empty folder, which each check has for itself.
    public init(_ type: any Plugin.Type, settings: @escaping @Sendable (_ folder: String) -> JSON) {
        manifest = type.manifest
        make = { try type.init(settings: $0, host: $1) }
        self.settings = settings
    }

    /// Takes a plugin that a function makes, for the tests of the kit itself.
    @_spi(Host)
    public init(
        _ manifest: PluginManifest, settings: JSON = [:],
        make: @escaping @Sendable (Settings, any PluginHost) throws -> any Plugin
    ) {
        self.init(manifest, in: { _ in settings }, make: make)
    }

    /// Takes a plugin that a function makes and whose settings name files, for the tests of the kit itself.
    @_spi(Host)
    public init(
        _ manifest: PluginManifest, in settings: @escaping @Sendable (_ folder: String) -> JSON,
        make: @escaping @Sendable (Settings, any PluginHost) throws -> any Plugin
    ) {
        self.manifest = manifest
        self.make = make
        self.settings = settings
    }

    /// The same plugin with a request that one of its grants accepts.
    ///
    /// Without it, a request has the examples of the grant's parameters.
    ///
    /// - Parameters:
    ///   - grantType: The grant's value of `grant_type`.
    ///   - client: The client that sends it; by default one that may use the grant, with the scope `read write`.
    ///   - parameters: Makes the parameters, a new request at each call; it can write to the plugin's store first.
    /// - Returns: The plugin with the request.
    public func accepting(
        _ grantType: String, from client: Client? = nil, _ parameters: @escaping Parameters
    ) -> PluginUnderTest {
        var copy = self
        copy.accepted[grantType] = (client, parameters)
        return copy
    }

    /// The same plugin with a job that one of its handlers can do.
    ///
    /// Without it, jobs are those that the plugin's outboxes queue.
    ///
    /// - Parameters:
    ///   - handler: The name of the handler.
    ///   - payload: Makes the payload, for a new job at each call; it can write to the plugin's store first.
    /// - Returns: The plugin with the job.
    public func queuing(_ handler: String, _ payload: @escaping Payload) -> PluginUnderTest {
        var copy = self
        copy.payloads[handler] = payload
        return copy
    }

    /// The same plugin with a request that its token filters admit.
    ///
    /// Without it, a request is for a grant of the plugin or for `client_credentials`, comes from the address 192.0.2.7
    /// and has the examples of the filters' parameters.
    ///
    /// - Parameter request: Makes the request, a new one at each call.
    /// - Returns: The plugin with the request.
    public func admitting(_ request: @escaping @Sendable (TestPlugin) async throws -> TokenRequest) -> PluginUnderTest {
        var copy = self
        copy.admitted = request
        return copy
    }

    /// The same plugin with a token that its resolver knows and that is not an access token.
    ///
    /// Without it, the token is a member that an extension of the plugin adds to a response.
    ///
    /// - Parameter value: Makes the token, which is committed already.
    /// - Returns: The plugin with the token.
    public func presenting(_ value: @escaping @Sendable (TestPlugin) async throws -> String) -> PluginUnderTest {
        var copy = self
        copy.presented = value
        return copy
    }

    /// The same plugin on a host with more, such as users or answers of other servers.
    ///
    /// - Parameter prepare: Prepares each host before the plugin is loaded.
    /// - Returns: The plugin with the preparation.
    public func on(_ prepare: @escaping @Sendable (TestHost) async throws -> Void) -> PluginUnderTest {
        var copy = self
        copy.prepare.append(prepare)
        return copy
    }

    /// All rules of the kit, for the tests of the kit itself.
    @_spi(Host)
    public static var allRules: [(role: Role, sentence: String)] { Rule.all.map { ($0.role, $0.sentence) } }

    /// The rules of the kit for the roles that the plugin has.
    public var checks: [PluginCheck] {
        rules.map { rule in
            PluginCheck(role: rule.role, rule: rule.sentence) {
                do {
                    try await ScratchFolders.during { try await rule.check(self) }
                } catch let error as OAuthError {
                    throw ConformanceFailure("a request is \(Outcome.refused(error))")
                }
            }
        }
    }

    /// The rules for every plugin, and those of its roles if it can be made.
    var rules: [Rule] {
        let roles = (try? registry())?.roles ?? []
        return Rule.all.filter { $0.role == .plugin || roles.contains($0.role) }
    }

    /// Everything that the plugin adds, before it starts.
    func registry() throws -> TestRegistry {
        let plugin = try make(TestSettings(settings("/")).settings, TestHost().lent)
        return try TestRegistry(plugin)
    }

    /// Loads the plugin on a host of its own.
    ///
    /// - Parameters:
    ///   - records: The records of the host's store.
    ///   - folder: The folder for the plugin's files; by default a new one.
    ///   - seed: Decides the keys and the random bytes of the host.
    /// - Returns: The plugin, which is ready for requests.
    /// - Throws: What the plugin and the preparations throw.
    func load(
        records: any Store = MemoryRecords(), folder: String? = nil, seed: UInt64 = 1
    ) async throws -> TestPlugin {
        let host = TestHost(seed: seed, records: records)
        for prepare in prepare { try await prepare(host) }
        return try await host.load(manifest, settings: settings(try folder ?? ScratchFolders.current.make()), make)
    }

    /// The payload that a handler can do; nil if none is given.
    func payload(for handler: String) -> Payload? { payloads[handler] }

    /// The client that sends requests to a grant; nil for one that may use it.
    func client(for grantType: String) -> Client? {
        accepted[grantType]?.client
    }

    /// The parameters of a request that a grant accepts.
    func parameters(for grant: any TokenGrant, of plugin: TestPlugin) async throws -> GrantKit.Parameters {
        if let made = accepted[grant.declaration.wire]?.parameters { return try await made(plugin) }
        return ExampleParameters(random: plugin.host.random).parameters(grant.parameters)
    }

    /// A request that the plugin's token filters admit.
    func admittedRequest(of plugin: TestPlugin) async throws -> TokenRequest {
        if let admitted { return try await admitted(plugin) }
        let sample = try await SampleGrant(plugin)
        var all = ExampleParameters(random: plugin.host.random)
            .parameters(plugin.registry.tokenFilters.flatMap { $0.parameters }).all
        guard let grant = plugin.registry.grants.first else {
            return sample.request("client_credentials", from: try await sample.client(), GrantKit.Parameters(all))
        }
        let wire = grant.declaration.wire
        all += try await parameters(for: grant, of: plugin).all
        if let own = client(for: wire) { return sample.request(wire, from: own, GrantKit.Parameters(all)) }
        return sample.request(wire, from: try await sample.client(), GrantKit.Parameters(all))
    }

    /// A token that the plugin's resolver knows, apart from access tokens; nil if there is none to be found.
    func knownToken(of plugin: TestPlugin) async throws -> String? {
        if let presented { return try await presented(plugin) }
        let sample = try await SampleGrant(plugin)
        for wire in sample.wires {
            let request = sample.request(wire, from: try await sample.client())
            let authorization = sample.authorization(.user(SampleGrant.userID))
            guard let token = try? await plugin.token(granting: authorization, for: request) else { continue }
            for member in token.members.members where member.name != "access_token" {
                guard let value = member.value.string else { continue }
                for resolver in plugin.registry.resolvers where !(resolver is any TokenFormat) {
                    if try await resolver.resolve(value) != nil { return value }
                }
            }
        }
        return nil
    }
}
