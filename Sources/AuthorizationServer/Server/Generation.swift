// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// One immutable state of the server: plugins, clients and routes that have been checked against each other.
///
/// A request keeps the generation that it began with; a reload installs the next one between two requests.
public final class Generation: Sendable {
    /// The plugins, in the order of the configuration.
    public let plugins: [RegisteredPlugin]
    /// Everything that the plugins add.
    public let capabilities: Capabilities
    let settings: ServerSettings
    let clients: [String: RegisteredClient]
    let users: DeclaredUsers
    /// The documents of all declared clients without their secrets, including inactive clients.
    let clientDocuments: [String: JSON]
    /// Clients in the store as this generation has parsed them.
    let parsed = ParsedClients()
    let routes: RouteTable
    let grants: [String: GrantPlan]
    /// How users are asked to sign in and consent; nil if no loaded plugin asks them.
    let authorization: AuthorizationPlan?
    let origins: Set<String>
    /// The pages of the server and of its plugins; nil if it shows none.
    let pages: (any PageRenderer)?
    /// The longest lifetime of any token or record, for which tombstones and published keys must be kept.
    public let longestLifetime: Duration
    /// The longest lifetime of a self-contained token of a client in the configuration.
    let longestSelfContained: Duration

    private init(
        _ settings: ServerSettings, _ plugins: [RegisteredPlugin], _ capabilities: Capabilities,
        _ clients: [String: RegisteredClient], _ users: DeclaredUsers, _ cryptography: any CryptographyService,
        _ pages: (any PageRenderer)?
    ) {
        self.pages = pages
        // Secrets and passwords from the configuration are dropped here: clients and users hold digests.
        var kept = settings
        clientDocuments = Generation.documents(settings.clients)
        (kept.clients, kept.users) = ([], [])
        self.settings = kept
        self.plugins = plugins
        self.capabilities = capabilities
        self.clients = clients
        self.users = users
        grants = capabilities.grants.mapValues { grant in
            GrantPlan(grant, filteredBy: capabilities.tokenFilters, credentials: capabilities.credentials)
        }
        authorization = AuthorizationPlan(capabilities)
        routes = RouteTable(
            settings, capabilities, authorization, metadata: Metadata.document(settings, capabilities),
            digest: cryptography.digest)
        origins = clients.values.reduce(into: []) { $0.formUnion($1.allowedOrigins) }
        let plans = clients.values.flatMap(\.plans.values)
        longestSelfContained = plans.filter { $0.format.role.isSelfContained }.map(\.lifetime).max() ?? .zero
        let others = capabilities.collections.map(\.retention) + [ClientDocument.longestOfStored]
        longestLifetime = (plans.map(\.lifetime) + others).max() ?? .zero
    }

    private static func documents(_ clients: [JSON]) -> [String: JSON] {
        var documents: [String: JSON] = [:]
        for var client in clients {
            guard let id = client["id"]?.string else { continue }
            client["secret"] = nil
            documents[id] = client
        }
        return documents
    }

    /// Checks a configuration against the loaded plugins.
    ///
    /// - Parameters:
    ///   - settings: The settings from the configuration.
    ///   - plugins: The plugins that it loads, in its order.
    ///   - secrets: Compares client secrets.
    ///   - passwords: Compares passwords of users.
    ///   - cryptography: Computes the entity tags of documents, and parses the keys of clients.
    ///   - pages: The server's pages; nil if it shows none.
    ///   - isComplete: Whether `plugins` are all plugins in the configuration. If not, no problem is reported about
    ///     what the
    ///     missing ones might have added, and no generation is made.
    /// - Returns: All problems, and the generation if none of them is an error.
    package static func build(
        _ settings: ServerSettings, plugins: [RegisteredPlugin], secrets: any SecretVerifier,
        passwords: any PasswordHashing, cryptography: any ServerCryptography, pages: (any PageRenderer)? = nil,
        isComplete: Bool = true
    ) async -> (generation: Generation?, problems: [ConfigurationProblem]) {
        let capabilities = Capabilities(plugins, isComplete: isComplete)
        var problems = capabilities.problems.map { problem in
            let path: [ConfigurationProblem.Step] = [.key("plugins")]
            return ConfigurationProblem(
                at: problem.plugin.map(path.element) ?? path, key: problem.plugin == nil, problem.message,
                note: problem.note)
        }
        if isComplete { problems += checkDefaultFormat(settings, capabilities) }
        problems += RouteTable.problems(settings, capabilities)
        var clients: [String: RegisteredClient] = [:]
        let attributes = await attributeProblems(settings.clients, capabilities, &problems)
        for (number, document) in settings.clients.enumerated() {
            var reader = ClientDocument(
                document, at: [.key("clients"), .element(number)], capabilities: capabilities,
                defaultFormat: settings.defaultTokenFormat, secrets: secrets, signatures: cryptography)
            reader.attributeProblems = attributes
            if let client = reader.read(), document["active"]?.bool ?? true { clients[client.client.id] = client }
            problems += reader.problems
        }
        for (number, document) in settings.users.enumerated() {
            var reader = UserDocument(document, at: [.key("users"), .element(number)], passwords: passwords)
            reader.claims = capabilities.claims
            _ = reader.check()
            problems += reader.problems
        }
        problems += Identifiers.problems(settings)
        let shown = add(plugins, to: pages, &problems)
        guard isComplete, !problems.contains(where: { $0.severity == .error }) else { return (nil, problems) }
        let users = DeclaredUsers(settings.users, issuer: settings.issuer, passwords, cryptography)
        return (Generation(settings, plugins, capabilities, clients, users, cryptography, shown), problems)
    }

    /// What plugins say about the declared clients; that one of them cannot say is a problem too.
    ///
    /// If there is a problem with a plugin, none is asked: it may have declared what belongs to the core or to another
    /// plugin, such as the secret of clients.
    private static func attributeProblems(
        _ clients: [JSON], _ capabilities: Capabilities, _ problems: inout [ConfigurationProblem]
    ) async -> AttributeProblems {
        guard capabilities.problems.allSatisfy({ $0.plugin == nil }) else { return .reported }
        do {
            return try await AttributeProblems(in: clients, capabilities)
        } catch {
            let plugin = PluginFailure.plugin(of: error) ?? ""
            problems.append(
                ConfigurationProblem(
                    at: [.key("clients")], key: true,
                    "the plugin '\(plugin)' could not check its attributes of clients: \(error)"))
            return .reported
        }
    }

    /// The pages with those of plugins.
    private static func add(
        _ plugins: [RegisteredPlugin], to pages: (any PageRenderer)?, _ problems: inout [ConfigurationProblem]
    ) -> (any PageRenderer)? {
        var shown = pages
        for (place, plugin) in plugins.enumerated() where !plugin.registry.pages.isEmpty {
            do {
                shown = try shown?.adding(plugin.registry.pages)
            } catch {
                problems.append(
                    ConfigurationProblem(
                        at: [.key("plugins"), .element(place)],
                        "a page of the plugin '\(plugin.id)' cannot be used: \(error)"))
            }
        }
        return shown
    }

    private static func checkDefaultFormat(
        _ settings: ServerSettings, _ capabilities: Capabilities
    ) -> [ConfigurationProblem] {
        let formats = capabilities.formats.map(\.role)
        let names = formats.map(\.name)
        if let name = settings.defaultTokenFormat, !names.contains(name) {
            return [
                ConfigurationProblem(
                    at: [.key("default_token_format")], "no loaded plugin issues tokens in the format '\(name)'",
                    note: .candidates(for: name, among: names))
            ]
        }
        let references = formats.filter { !$0.isSelfContained }
        if names.count > 1, references.count != 1, settings.defaultTokenFormat == nil {
            return [
                ConfigurationProblem(
                    at: [.key("plugins")], key: true,
                    "several token formats are loaded, and none of them is set as the default",
                    note: .text("set 'default_token_format' to one of \(names.sorted().joined(separator: ", "))"))
            ]
        }
        return []
    }

    /// The path of the start page, if there is one.
    var home: String? { settings.hasLanding ? "\(Metadata.path(of: settings.issuer))/" : nil }

    /// The full path of a plugin's page.
    func address(of route: Route) -> String {
        route.base == .endpoints ? path(route.path) : Metadata.path(of: settings.issuer) + route.pathBelowBase
    }

    /// The path prefix of endpoints.
    var basePath: String { settings.basePath }

    /// The full path of an endpoint, with the path of the issuer and the prefix.
    func path(_ path: String) -> String {
        Metadata.path(of: settings.issuer) + settings.basePath + path
    }
}
