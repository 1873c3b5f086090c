// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

/// Everything that the loaded plugins add; two that claim the same name are a problem, not a race.
public struct Capabilities: Sendable {
    /// The grants by `grant_type`.
    let grants: [String: Owned<any TokenGrant>]
    let declarations: [GrantDeclaration]
    let formats: [Owned<any TokenFormat>]
    let products: [Owned<any TokenProduct>]
    let extensions: [Owned<any ResponseExtension>]
    let resolvers: [Owned<any TokenResolver>]
    /// The places of the resolvers whose tokens are self-contained.
    let selfContained: Set<Int>
    /// The endpoints for clients, those that need an access token, and those for browsers, in this order.
    let endpoints: [Owned<any Endpoint>]
    /// The scopes that endpoints require of access tokens.
    private let servedScopes: [Scope]
    /// The authenticators of clients, beside the methods of the core.
    let authenticators: [Owned<any ClientAuthenticator>]
    /// The issuers that plugins trust.
    let issuers: [ForeignIssuer]
    let flows: [Owned<any AuthorizationFlow>]
    let requestFilters: [Owned<any AuthorizationRequestFilter>]
    let tokenFilters: TokenFilters
    /// In the order in which they run.
    let steps: [Owned<any InteractionStep>]
    /// The purposes of interactions that endpoints begin, by name.
    let purposes: [String: Owned<any InteractionPurpose>]
    let claimsSources: [Owned<any ClaimsSource>]
    /// Whether a source gives claims for access tokens.
    let hasTokenClaims: Bool
    let documents: [WellKnownDocument]
    let revocationParticipants: [Owned<any RevocationParticipant>]
    /// What is committed together with the changes that events are about.
    package let outboxes: Outboxes
    /// The handlers of jobs by name.
    let jobs: [String: Owned<any JobHandler>]
    /// The English strings of pages, by the id of their plugin and their key.
    let pageTexts: [String: [String: String]]
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
    /// The plugins that have to be asked about values of their attributes.
    let attributeChecks: [(check: Owned<any AttributeCheck>, attributes: [AttributeDeclaration])]
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
        var names = NameClaims(plugins)
        let registries = plugins.map(\.registry)
        let all = plugins.owned(\.grants)
        grants = Dictionary(all.map { ($0.role.declaration.wire, $0) }, uniquingKeysWith: { first, _ in first })
        flows = Capabilities.servable(plugins.owned(\.flows))
        let asking = plugins.owned(\.purposes)
        purposes = Dictionary(asking.map { ($0.role.name, $0) }, uniquingKeysWith: { first, _ in first })
        // A grant may have response types, purposes, a handler at the token endpoint, or several of these.
        declarations = Capabilities.distinct(
            all.map(\.role.declaration) + flows.map(\.role.grant) + asking.map(\.role.grant))
        names.claimGrantsOfInteractions(plugins)
        formats = plugins.owned(\.formats)
        products = plugins.owned(\.products)
        extensions = plugins.owned(\.extensions).sorted { $0.role.stage.rawValue < $1.role.stage.rawValue }
        resolvers = plugins.owned(\.resolvers)
        selfContained = Capabilities.selfContained(plugins.owned(\.resolvers))
        endpoints = plugins.owned(\.endpoints).sorted { $0.role.admissionRule.place < $1.role.admissionRule.place }
        authenticators = Capabilities.authenticators(plugins)
        servedScopes = endpoints.compactMap { $0.role.admissionRule.scope }
        requestFilters = plugins.owned(\.requestFilters)
        tokenFilters = TokenFilters(plugins)
        steps = plugins.owned(\.steps).sorted { $0.role.phase.rawValue < $1.role.phase.rawValue }
        claimsSources = plugins.owned(\.claimsSources)
        hasTokenClaims = claimsSources.contains { $0.role.destinations.contains(.accessToken) }
        issuers = registries.flatMap(\.issuers)
        documents = registries.flatMap(\.documents)
        revocationParticipants = plugins.owned(\.revocationParticipants)
        outboxes = Outboxes(plugins)
        jobs = Dictionary(plugins.owned(\.jobs).map { ($0.role.name, $0) }, uniquingKeysWith: { first, _ in first })
        pageTexts = Capabilities.pageTexts(plugins)
        store = plugins.lazy.compactMap(\.store).first
        collections = registries.flatMap(\.collections)
        scopesOnRequest = registries.reduce(into: []) { $0.formUnion($1.scopesOnRequest) }
        requiredScopes = registries.reduce(into: []) { $0.formUnion($1.requiredScopes) }
        signingAlgorithms = registries.flatMap(\.signingAlgorithms)
        attributes = plugins.flatMap(\.attributes)
        attributeChecks = Capabilities.attributeChecks(plugins)
        answerMembers = Capabilities.answerMembers(extensions.map(\.role), flows.map(\.role))
        claims = Set(claimsSources.flatMap(\.role.claims))
        metadata = names.fold(plugins)
        if isComplete { names.reportMissingRoles(registries, asksUsers: !flows.isEmpty || !purposes.isEmpty) }
        problems = names.problems
    }

    private static func selfContained(_ resolvers: [Owned<any TokenResolver>]) -> Set<Int> {
        Set(resolvers.indices.filter { (resolvers[$0].role as? any TokenFormat)?.isSelfContained ?? false })
    }

    private static func attributeChecks(
        _ plugins: [RegisteredPlugin]
    ) -> [(check: Owned<any AttributeCheck>, attributes: [AttributeDeclaration])] {
        plugins.compactMap { plugin in
            plugin.registry.attributeCheck.map { check in
                (Owned(check, of: plugin), plugin.attributes.filter(\.isCheckedByPlugin))
            }
        }
    }

    private static func authenticators(_ plugins: [RegisteredPlugin]) -> [Owned<any ClientAuthenticator>] {
        let all = plugins.owned(\.authenticators)
        let acceptance = ParameterAcceptance(all.flatMap(\.role.parameters))
        return all.map { $0.watching(acceptance, as: "ClientAuthenticator") }
    }

    /// The methods of authentication that plugins add.
    var authenticationMethods: [AuthenticationMethod] { authenticators.flatMap(\.role.methods) }

    /// The parameters with which clients name and authenticate themselves.
    var credentials: [ParameterDeclaration] {
        ParameterAcceptance.credentials + authenticators.flatMap(\.role.parameters)
    }

    /// The flows that are served: companions only beside another flow of their grant.
    private static func servable(_ flows: [Owned<any AuthorizationFlow>]) -> [Owned<any AuthorizationFlow>] {
        let own = flows.filter { !$0.role.isCompanion }
        let companions = flows.filter { flow in
            flow.role.isCompanion && own.contains { $0.role.grant == flow.role.grant }
        }
        return own + companions
    }

    /// The grants without repetition, in the order in which they first occur.
    private static func distinct(_ grants: [GrantDeclaration]) -> [GrantDeclaration] {
        grants.reduce(into: []) { known, grant in
            if !known.contains(grant) { known.append(grant) }
        }
    }

    private static func pageTexts(_ plugins: [RegisteredPlugin]) -> [String: [String: String]] {
        plugins.reduce(into: [:]) { all, plugin in
            for page in plugin.registry.pages {
                all[plugin.id, default: [:]].merge(page.texts["en"] ?? [:]) { _, last in last }
            }
        }
    }

    /// Whether users are asked to sign in and consent.
    var asksUsers: Bool { !flows.isEmpty || !purposes.isEmpty }

    /// Whether users are asked for consent before anything is granted under the grant with a key.
    func asksUsers(under key: String) -> Bool {
        flows.contains { $0.role.grant.key == key } || purposes.values.contains { $0.role.grant.key == key }
    }

    /// Whether a scope contains a value that an endpoint of this server requires of access tokens.
    func isServed(_ scope: Scope) -> Bool {
        scope.words.contains { word in servedScopes.contains { $0.contains(word) } }
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
