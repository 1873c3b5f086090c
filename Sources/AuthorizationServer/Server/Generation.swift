// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText

/// One immutable state of the server: plugins, clients and routes that were checked against each other.
///
/// A request holds the generation it began with; a reload swaps in the next one between two requests.
public final class Generation: Sendable {
    /// The plugins, in the order of the configuration.
    public let plugins: [RegisteredPlugin]
    /// What they add.
    public let capabilities: Capabilities
    let settings: ServerSettings
    let clients: [String: RegisteredClient]
    let users: DeclaredUsers
    /// The documents of all declared clients without their secrets, inactive ones included.
    let clientDocuments: [String: JSON]
    /// Clients of the store as this generation understands them.
    let parsed = ParsedClients()
    let routes: RouteTable
    let grants: [String: GrantPlan]
    /// What the authorization endpoint serves, if a flow is loaded.
    let authorization: AuthorizationPlan?
    let origins: Set<String>
    /// The server's pages with those of the plugins, if it has any.
    let pages: (any PageRenderer)?
    /// How long tombstones and published keys must stand: the longest life of any token that a client can get.
    public let longestLifetime: Duration

    private init(
        _ settings: ServerSettings, _ plugins: [RegisteredPlugin], _ capabilities: Capabilities,
        _ clients: [String: RegisteredClient], _ users: DeclaredUsers, _ cryptography: any CryptographyService,
        _ pages: (any PageRenderer)?
    ) {
        self.pages = pages
        // What stands readable in the configuration is not kept: clients and users hold digests.
        var kept = settings
        clientDocuments = Generation.documents(settings.clients)
        (kept.clients, kept.users) = ([], [])
        self.settings = kept
        self.plugins = plugins
        self.capabilities = capabilities
        self.clients = clients
        self.users = users
        grants = capabilities.grants.mapValues(GrantPlan.init)
        authorization = AuthorizationPlan(capabilities)
        routes = RouteTable(
            settings, capabilities, authorization, metadata: Metadata.document(settings, capabilities),
            digest: cryptography.digest)
        origins = clients.values.reduce(into: []) { $0.formUnion($1.allowedOrigins) }
        let lifetimes = clients.values.flatMap { $0.plans.values.map(\.lifetime) }
        let others = capabilities.collections.map(\.retention) + [ClientDocument.longestOfStored]
        longestLifetime = (lifetimes + others).max() ?? .zero
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

    /// Checks documents against what is loaded.
    ///
    /// - Parameters:
    ///   - settings: What the configuration says.
    ///   - plugins: The plugins that it loads, in its order.
    ///   - secrets: Compares the secrets of clients.
    ///   - passwords: Compares the passwords of users.
    ///   - cryptography: Makes the entity tags of documents.
    ///   - pages: The server's pages; nil where none are shown.
    ///   - isComplete: Whether all plugins of the configuration are there; if not, what they could have added is not
    ///     missed, and there is no generation.
    /// - Returns: The generation, unless a problem is an error, and all problems.
    public static func build(
        _ settings: ServerSettings, plugins: [RegisteredPlugin], secrets: any SecretVerifier,
        passwords: any PasswordHashing, cryptography: any CryptographyService, pages: (any PageRenderer)? = nil,
        isComplete: Bool = true
    ) -> (generation: Generation?, problems: [ConfigurationProblem]) {
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
        for (number, document) in settings.clients.enumerated() {
            var reader = ClientDocument(
                document, at: [.key("clients"), .element(number)], capabilities: capabilities,
                defaultFormat: settings.defaultTokenFormat, secrets: secrets)
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
        var shown = pages
        do {
            shown = try pages?.adding(capabilities.pages)
        } catch {
            problems.append(ConfigurationProblem(at: [.key("plugins")], key: true, "a page cannot be used: \(error)"))
        }
        guard isComplete, !problems.contains(where: { $0.severity == .error }) else { return (nil, problems) }
        let users = DeclaredUsers(settings.users, issuer: settings.issuer, passwords, cryptography)
        return (Generation(settings, plugins, capabilities, clients, users, cryptography, shown), problems)
    }

    private static func checkDefaultFormat(
        _ settings: ServerSettings, _ capabilities: Capabilities
    ) -> [ConfigurationProblem] {
        let names = capabilities.formats.map(\.name)
        if let name = settings.defaultTokenFormat, !names.contains(name) {
            return [
                ConfigurationProblem(
                    at: [.key("default_token_format")], "no loaded plugin makes tokens of the format '\(name)'",
                    note: .candidates(for: name, among: names))
            ]
        }
        let references = capabilities.formats.filter { !$0.isSelfContained }
        if names.count > 1, references.count != 1, settings.defaultTokenFormat == nil {
            return [
                ConfigurationProblem(
                    at: [.key("plugins")], key: true,
                    "several token formats are loaded and nothing says which is the default",
                    note: .text("add 'default_token_format', one of \(names.sorted().joined(separator: ", "))"))
            ]
        }
        return []
    }

    /// Where a page leads that has nothing else to lead to.
    var home: String? {
        settings.hasLanding ? "\(Metadata.path(of: settings.issuer))/" : capabilities.accountPages.first.map(address)
    }

    /// The path of a page of a plugin.
    func address(of endpoint: any BrowserEndpoint) -> String {
        endpoint.route.isAtRoot
            ? Metadata.path(of: settings.issuer) + endpoint.route.path : path(endpoint.route.path)
    }

    /// The path below which endpoints are served.
    var basePath: String { settings.basePath }

    /// The path of something that is served below the base path.
    func path(_ path: String) -> String {
        Metadata.path(of: settings.issuer) + settings.basePath + path
    }
}
