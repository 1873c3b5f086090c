// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText
import Synchronization

/// A plugin that has been made, with what it adds; it ends with the last generation that holds it.
public final class RegisteredPlugin: Sendable {
    /// The plugin's id.
    public let id: String
    /// The plugin itself.
    public let plugin: any Plugin
    /// What it adds.
    public let registry: Registry
    /// The client attributes that it reads.
    public let attributes: [AttributeDeclaration]
    /// What waits to be taken by its sinks.
    let queues: [EventQueue]
    private let isRunning = Mutex(false)

    /// Describes a plugin that has been made.
    public init(id: String, plugin: any Plugin, registry: Registry, attributes: [AttributeDeclaration]) {
        self.id = id
        self.plugin = plugin
        self.registry = registry
        self.attributes = attributes
        queues = registry.eventSinks.map { EventQueue($0, plugin: id) }
    }

    deinit {
        guard isRunning.withLock({ $0 }) else { return }
        Task { [plugin, queues] in
            for queue in queues { await queue.end() }
            await plugin.stop()
        }
    }

    /// Starts the plugin, unless it runs already.
    public func start() async throws {
        guard !isRunning.withLock({ $0 }) else { return }
        try await plugin.start()
        for queue in queues { queue.begin() }
        isRunning.withLock { $0 = true }
    }

    /// Stops the plugin, if it runs.
    public func stop() async {
        let wasRunning = isRunning.withLock { isRunning in
            defer { isRunning = false }
            return isRunning
        }
        guard wasRunning else { return }
        for queue in queues { await queue.end() }
        await plugin.stop()
    }
}

/// Everything that the loaded plugins add, folded once; two that claim one name are a problem, never a race.
public struct Capabilities: Sendable {
    /// The grants by their name on the wire.
    let grants: [String: any TokenGrant]
    let declarations: [GrantDeclaration]
    let formats: [any TokenFormat]
    let extensions: [any ResponseExtension]
    let resolvers: [any TokenResolver]
    let endpoints: [any Endpoint]
    let resourceEndpoints: [any ResourceEndpoint]
    let flows: [any AuthorizationFlow]
    let requestFilters: [any AuthorizationRequestFilter]
    /// In the order in which they run.
    let steps: [any InteractionStep]
    let claimsSources: [any ClaimsSource]
    let documents: [WellKnownDocument]
    let browserEndpoints: [any BrowserEndpoint]
    let revocationParticipants: [any RevocationParticipant]
    /// The handlers of jobs by their name.
    let jobs: [String: any JobHandler]
    let pages: [PageTemplate]
    /// The store, once there is exactly one.
    public let store: (any Store)?
    /// What plugins keep in it.
    public let collections: [StoreCollection]
    let scopesOnRequest: Set<String>
    let requiredScopes: Set<String>
    /// The signature algorithms that plugins ask for.
    public let signingAlgorithms: [String]
    let metadata: JSON
    let attributes: [AttributeDeclaration]
    /// What answers of the authorization endpoint may hold.
    let answerMembers: Set<String>
    /// The claims that are told of people.
    let claims: Set<String>
    /// Whether these are all plugins that the configuration means; if not, what is missing says nothing.
    let isComplete: Bool
    /// What is wrong, each with the number of the plugin in the list that it is about, if it is about one.
    public let problems: [(plugin: Int?, message: String, note: String?)]

    /// Folds what plugins add.
    ///
    /// - Parameters:
    ///   - plugins: The plugins, in the order of the configuration.
    ///   - isComplete: Whether these are all that the configuration means.
    public init(_ plugins: [RegisteredPlugin], isComplete: Bool = true) {
        self.isComplete = isComplete
        var names = NamesTaken()
        for (place, plugin) in plugins.enumerated() { names.take(plugin, at: place) }
        let registries = plugins.map(\.registry)
        let all = registries.flatMap(\.grants)
        grants = Dictionary(all.map { ($0.declaration.wire, $0) }, uniquingKeysWith: { first, _ in first })
        let words = registries.flatMap(\.flows)
        let own = words.filter { !$0.isCompanion }
        flows = own + words.filter { word in word.isCompanion && own.contains { $0.grant == word.grant } }
        // A grant may have a flow, a part at the token endpoint, or both.
        let ofFlows = flows.map(\.grant).reduce(into: [GrantDeclaration]()) { known, grant in
            if !known.contains(grant), !all.contains(where: { $0.declaration == grant }) { known.append(grant) }
        }
        declarations = all.map(\.declaration) + ofFlows
        names.takeGrantsOfFlows(plugins)
        formats = registries.flatMap(\.formats)
        extensions = registries.flatMap(\.extensions).sorted { $0.stage.rawValue < $1.stage.rawValue }
        resolvers = registries.flatMap(\.resolvers)
        endpoints = registries.flatMap(\.endpoints)
        resourceEndpoints = registries.flatMap(\.resourceEndpoints)
        requestFilters = registries.flatMap(\.requestFilters)
        steps = registries.flatMap(\.steps).sorted { $0.phase.rawValue < $1.phase.rawValue }
        claimsSources = registries.flatMap(\.claimsSources)
        documents = registries.flatMap(\.documents)
        browserEndpoints = registries.flatMap(\.browserEndpoints)
        revocationParticipants = registries.flatMap(\.revocationParticipants)
        jobs = Dictionary(registries.flatMap(\.jobs).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        pages = registries.flatMap(\.pages)
        store = registries.flatMap(\.stores).first
        collections = registries.flatMap(\.collections)
        scopesOnRequest = registries.reduce(into: []) { $0.formUnion($1.scopesOnRequest) }
        requiredScopes = registries.reduce(into: []) { $0.formUnion($1.requiredScopes) }
        signingAlgorithms = registries.flatMap(\.signingAlgorithms)
        attributes = plugins.flatMap(\.attributes)
        answerMembers = Capabilities.answerMembers(extensions, flows)
        claims = Set(claimsSources.flatMap(\.claims))
        metadata = names.fold(plugins)
        guard isComplete else {
            problems = names.problems
            return
        }
        if store == nil { names.miss("no plugin keeps state", "add a store to 'plugins', such as 'sqlite-store'") }
        if formats.isEmpty, !grants.isEmpty {
            names.miss("no plugin makes access tokens", "add a token format to 'plugins', such as 'jwt-token'")
        }
        if !flows.isEmpty, !steps.contains(where: { $0.phase == .identify }) {
            names.miss(
                "people are to approve, and nothing finds out who they are", "add a plugin by which they sign in")
        }
        problems = names.problems
    }

    /// Whether a scope holds a word that is for what the server itself serves to whoever presents a token.
    func isServed(_ scope: Scope) -> Bool {
        scope.words.contains { word in resourceEndpoints.contains { $0.scope.contains(word) } }
    }

    /// The grant that a client's document means by a name: its key, its name on the wire or an alias.
    func grant(named name: String) -> GrantDeclaration? {
        declarations.first { $0.key == name || $0.wire == name || $0.aliases.contains(name) }
    }

    /// The names by which documents can list grants.
    var grantNames: [String] {
        declarations.flatMap { [$0.key] + $0.aliases }
    }
}

/// Who claimed which name first.
struct NamesTaken {
    /// What the core itself puts into answers with an access token.
    static let responseMembers = ["access_token", "token_type", "expires_in", "scope"]
    /// What the core has of its own.
    private var owners = Dictionary(
        ["/token", AuthorizationEndpoint.path, AuthorizationEndpoint.interactionPath].map {
            ("the path '\($0)'", "core")
        }
            + (ServerCore.collections.map(\.name) + ["key_ring"]).map { ("the collection '\($0)'", "core") }
            + ["oauth-authorization-server", "jwks.json"].map { ("the document '\($0)'", "core") }
            + [("the step '\(InteractionRun.step)'", "core")]
            + InteractionRun.fields.map { ("the form field '\($0)'", "core") }
            + responseMembers.map { ("the response member '\($0)'", "core") }
            + Metadata.own.map { ("the metadata '\($0)'", "core") },
        uniquingKeysWith: { first, _ in first })
    /// The attributes of clients that plugins read.
    private var attributes: [(name: String, level: AttributeLevel, owner: String)] = []
    private(set) var problems: [(plugin: Int?, message: String, note: String?)] = []

    mutating func miss(_ message: String, _ note: String) {
        problems.append((nil, message, note))
    }

    mutating func take(_ plugin: RegisteredPlugin, at place: Int) {
        let registry = plugin.registry
        for declaration in registry.grants.map(\.declaration) {
            let names = Set([declaration.wire, declaration.key] + declaration.aliases)
            for name in names.sorted() { take("the grant '\(name)'", plugin.id, place) }
        }
        for format in registry.formats { take("the token format '\(format.name)'", plugin.id, place) }
        for name in registry.extensions.flatMap(\.members) { take("the response member '\(name)'", plugin.id, place) }
        for route in registry.endpoints.map(\.route) {
            take("the path '\(route.path)'", plugin.id, place)
            if let name = route.metadata { take("the metadata '\(name)'", plugin.id, place) }
        }
        for route in registry.resourceEndpoints.map(\.route) {
            take("the path '\(route.path)'", plugin.id, place)
            if let name = route.metadata { take("the metadata '\(name)'", plugin.id, place) }
        }
        for route in registry.browserEndpoints.map(\.route) {
            take("the path '\(route.path)'", plugin.id, place)
            if let name = route.metadata { take("the metadata '\(name)'", plugin.id, place) }
        }
        for job in registry.jobs { take("the job '\(job.name)'", plugin.id, place) }
        for page in registry.pages { take(page, plugin.id, place) }
        for flow in registry.flows { take("the response type '\(flow.word)'", plugin.id, place) }
        for step in registry.steps { take("the step '\(step.name)'", plugin.id, place) }
        for name in registry.steps.flatMap(\.fields).map(\.name) where InteractionRun.fields.contains(name) {
            take("the form field '\(name)'", plugin.id, place)
        }
        for document in registry.documents { take("the document '\(document.name)'", plugin.id, place) }
        for collection in registry.collections { take("the collection '\(collection.name)'", plugin.id, place) }
        for attribute in plugin.attributes { take(attribute, plugin.id, place) }
        for _ in registry.stores { take("the role of the store", plugin.id, place) }
    }

    /// An attribute of every grant is one of each grant as well.
    private mutating func take(_ attribute: AttributeDeclaration, _ id: String, _ place: Int) {
        let isCores =
            attribute.level == .client
            ? ClientDocument.isOwn(member: attribute.name) : ClientDocument.isOwn(attribute: attribute.name)
        let other = isCores ? "core" : attributes.first { attribute.overlaps($0.name, $0.level) }?.owner
        attributes.append((attribute.name, attribute.level, id))
        guard let other else { return }
        let whose = other == "core" ? "the core reads itself" : "plugin '\(other)' adds too"
        problems.append(
            (
                place, "plugin '\(id)' adds the attribute \(attribute.place), which \(whose)",
                other == "core" ? "its author has to give it another name" : "load one of them"
            ))
    }

    private mutating func take(_ page: PageTemplate, _ id: String, _ place: Int) {
        take("the page '\(page.name)'", id, place)
        if page.texts["en"] == nil {
            problems.append((place, "plugin '\(id)' adds the page '\(page.name)' without English texts", nil))
        }
        for key in Set(page.texts.values.flatMap(\.keys)).sorted() where !key.raw.starts(with: "\(page.name)_") {
            problems.append(
                (
                    place, "plugin '\(id)' adds the text '\(key)' for the page '\(page.name)'",
                    "its texts begin with '\(page.name)_'"
                ))
        }
    }

    /// A grant that only flows have; several of them may share one.
    mutating func takeGrantsOfFlows(_ plugins: [RegisteredPlugin]) {
        var known = Set(plugins.flatMap(\.registry.grants).map(\.declaration))
        for (place, plugin) in plugins.enumerated() {
            for grant in plugin.registry.flows.filter({ !$0.isCompanion }).map(\.grant)
            where known.insert(grant).inserted {
                let names = Set([grant.wire, grant.key] + grant.aliases)
                for name in names.sorted() { take("the grant '\(name)'", plugin.id, place) }
            }
        }
    }

    private mutating func take(_ what: String, _ id: String, _ place: Int) {
        if let owner = owners.updateValue(id, forKey: what) {
            let other = owner == "core" ? "the core has itself" : "plugin '\(owner)' adds too"
            problems.append((place, "plugin '\(id)' adds \(what), which \(other)", "load one of them"))
        }
    }

    mutating func fold(_ plugins: [RegisteredPlugin]) -> JSON {
        var members: JSON = [:]
        for (place, plugin) in plugins.enumerated() {
            for entry in plugin.registry.metadata {
                guard owners["the metadata '\(entry.name)'"] == nil else {
                    problems.append(
                        (place, "plugin '\(plugin.id)' sets the metadata '\(entry.name)', which is taken", nil))
                    continue
                }
                merge(entry.value, into: &members, entry.name, place, plugin.id)
            }
        }
        return members
    }

    private mutating func merge(
        _ value: MetadataValue, into members: inout JSON, _ name: String, _ place: Int, _ id: String
    ) {
        switch value {
        case .union(let added):
            let known = members[name]?.strings ?? []
            members[name] = .strings(known + added.filter { !known.contains($0) })
        case .value(let value):
            if let known = members[name], known != value {
                problems.append((place, "plugin '\(id)' gives another value for the metadata '\(name)'", nil))
            }
            members[name] = value
        @unknown default:
            problems.append((place, "plugin '\(id)' adds metadata of a kind that this server does not know", nil))
        }
    }
}

extension AttributeDeclaration {
    /// Whether it stands where another one of the same name does.
    fileprivate func overlaps(_ name: String, _ level: AttributeLevel) -> Bool {
        guard self.name == name else { return false }
        if self.level == level { return true }
        return self.level != .client && level != .client && (self.level == .everyGrant || level == .everyGrant)
    }

    fileprivate var place: String {
        switch level {
        case .client: "'\(name)' of clients"
        case .everyGrant: "'\(name)' of grants"
        case .grant(let key): "'\(name)' of the grant '\(key)'"
        @unknown default: "'\(name)'"
        }
    }
}
