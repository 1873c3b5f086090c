// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Everything that the loaded plugins add; two that claim the same name are a problem, not a race.
public struct Capabilities: Sendable {
    /// The grants by `grant_type`.
    let grants: [String: any TokenGrant]
    let declarations: [GrantDeclaration]
    let formats: [any TokenFormat]
    let extensions: [any ResponseExtension]
    let resolvers: [any TokenResolver]
    let endpoints: [any Endpoint]
    let resourceEndpoints: [any ResourceEndpoint]
    let flows: [any AuthorizationFlow]
    let requestFilters: [(plugin: String, filter: any AuthorizationRequestFilter)]
    let tokenFilters: TokenFilters
    /// In the order in which they run.
    let steps: [any InteractionStep]
    let claimsSources: [any ClaimsSource]
    /// Whether a source gives claims for access tokens.
    let hasTokenClaims: Bool
    let documents: [WellKnownDocument]
    let browserEndpoints: [any BrowserEndpoint]
    let revocationParticipants: [any RevocationParticipant]
    /// The handlers of jobs by name.
    let jobs: [String: any JobHandler]
    let pages: [PageTemplate]
    /// The store, from the first plugin that provides one.
    public let store: CheckedStore?
    /// The collections of plugins.
    public let collections: [StoreCollection]
    let scopesOnRequest: Set<String>
    let requiredScopes: Set<String>
    /// The signature algorithms that plugins require.
    public let signingAlgorithms: [String]
    let metadata: JSON
    let attributes: [AttributeDeclaration]
    /// The parameters that authorization responses may contain.
    let answerMembers: Set<String>
    /// The claims about users that plugins provide.
    let claims: Set<String>
    /// Whether these are all plugins in the configuration; if not, a missing capability means nothing.
    let isComplete: Bool
    /// The problems, each with the index of the plugin that it is about, if there is one.
    public let problems: [(plugin: Int?, message: String, note: ConfigurationProblem.Note?)]

    /// Collects what plugins add.
    ///
    /// - Parameters:
    ///   - plugins: The plugins, in the order of the configuration.
    ///   - isComplete: Whether these are all plugins in the configuration.
    public init(_ plugins: [RegisteredPlugin], isComplete: Bool = true) {
        self.isComplete = isComplete
        var names = NameClaims()
        for (place, plugin) in plugins.enumerated() { names.claimNames(of: plugin, at: place) }
        let registries = plugins.map(\.registry)
        let all = registries.flatMap(\.grants)
        grants = Dictionary(all.map { ($0.declaration.wire, $0) }, uniquingKeysWith: { first, _ in first })
        let words = registries.flatMap(\.flows)
        let own = words.filter { !$0.isCompanion }
        flows = own + words.filter { word in word.isCompanion && own.contains { $0.grant == word.grant } }
        // A grant may have a response type, a handler at the token endpoint, or both.
        let ofFlows = flows.map(\.grant).reduce(into: [GrantDeclaration]()) { known, grant in
            if !known.contains(grant), !all.contains(where: { $0.declaration == grant }) { known.append(grant) }
        }
        declarations = all.map(\.declaration) + ofFlows
        names.claimGrantsOfFlows(plugins)
        formats = registries.flatMap(\.formats)
        extensions = registries.flatMap(\.extensions).sorted { $0.stage.rawValue < $1.stage.rawValue }
        resolvers = registries.flatMap(\.resolvers)
        endpoints = registries.flatMap(\.endpoints)
        resourceEndpoints = registries.flatMap(\.resourceEndpoints)
        requestFilters = plugins.flatMap { plugin in
            plugin.registry.requestFilters.map { (plugin: plugin.id, filter: $0) }
        }
        tokenFilters = TokenFilters(plugins)
        steps = registries.flatMap(\.steps).sorted { $0.phase.rawValue < $1.phase.rawValue }
        claimsSources = registries.flatMap(\.claimsSources)
        hasTokenClaims = claimsSources.contains { $0.destinations.contains(.accessToken) }
        documents = registries.flatMap(\.documents)
        browserEndpoints = registries.flatMap(\.browserEndpoints)
        revocationParticipants = registries.flatMap(\.revocationParticipants)
        jobs = Dictionary(registries.flatMap(\.jobs).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        pages = registries.flatMap(\.pages)
        store = plugins.lazy.compactMap(\.store).first
        collections = registries.flatMap(\.collections)
        scopesOnRequest = registries.reduce(into: []) { $0.formUnion($1.scopesOnRequest) }
        requiredScopes = registries.reduce(into: []) { $0.formUnion($1.requiredScopes) }
        signingAlgorithms = registries.flatMap(\.signingAlgorithms)
        attributes = plugins.flatMap(\.attributes)
        answerMembers = Capabilities.answerMembers(extensions, flows)
        claims = Set(claimsSources.flatMap(\.claims))
        metadata = names.fold(plugins)
        if isComplete { names.reportMissingRoles(registries, flows) }
        problems = names.problems
    }

    /// Whether a scope contains a value that a resource endpoint of this server requires.
    func isServed(_ scope: Scope) -> Bool {
        scope.words.contains { word in resourceEndpoints.contains { $0.scope.contains(word) } }
    }

    /// The grant that a client's document means by a name: its key, its `grant_type` or an alias.
    func grant(named name: String) -> GrantDeclaration? {
        declarations.first { $0.key == name || $0.wire == name || $0.aliases.contains(name) }
    }

    /// The names under which documents can list grants.
    var grantNames: [String] {
        declarations.flatMap { [$0.key] + $0.aliases }
    }
}
