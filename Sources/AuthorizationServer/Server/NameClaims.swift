// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// Records which plugin claims which name, and reports names that two of them claim.
struct NameClaims {
    /// The members of token responses that the core sets.
    static let responseMembers = ["access_token", "token_type", "expires_in", "scope", "issued_token_type"]

    /// The names of the core's collections, with that of the keys.
    static let collectionsOfCore = ServerCore.collections.map(\.name) + ["key_ring"]

    /// The names that belong to the core.
    private static let ofCore: [(NameClaim.Kind, [String])] = [
        (.path, ["/token", AuthorizationEndpoint.path, AuthorizationEndpoint.interactionPath]),
        (.collection, collectionsOfCore),
        (.document, ["oauth-authorization-server", "jwks.json"]),
        (.authenticationMethod, ClientMethod.ofCore), (.step, [InteractionRun.step]),
        (.formField, InteractionRun.fields),
        (.tokenType, TokenType.ofServer), (.responseMember, responseMembers), (.metadata, Array(Metadata.own)),
    ]

    private var owners = NameClaims.ofCore.reduce(into: [NameClaim: String]()) { owners, own in
        for name in own.1 { owners[NameClaim(own.0, name)] = "core" }
    }
    /// The client attributes that plugins read.
    private var attributes: [(name: String, level: AttributeLevel, owner: String)] = []
    private(set) var problems: [(plugin: Int?, message: String, note: ConfigurationProblem.Note?)] = []

    /// Records the names of plugins.
    init(_ plugins: [RegisteredPlugin]) {
        for (place, plugin) in plugins.enumerated() { claimNames(of: plugin, at: place) }
        // A plugin in the server's own process can read all parameters anyway.
        for (place, plugin) in plugins.enumerated() where plugin.registry.isCalledWithMessages {
            for other in plugins where other.id != plugin.id { checkSecrets(of: other, shownTo: plugin, place) }
        }
    }

    /// Reports each role that no plugin fills.
    mutating func reportMissingRoles(_ registries: [Registry], asksUsers: Bool) {
        if registries.allSatisfy(\.stores.isEmpty) {
            reportMissing("no plugin provides a store", "add a store to 'plugins'", .store)
        }
        if registries.allSatisfy(\.formats.isEmpty), registries.contains(where: { !$0.grants.isEmpty }) {
            reportMissing("no plugin issues access tokens", "add a token format to 'plugins'", .tokenFormat)
        }
        if asksUsers, !registries.flatMap(\.steps).contains(where: { $0.phase == .identify }) {
            reportMissing(
                "users have to approve requests, and no plugin signs them in", "add a plugin for sign-in",
                .signIn)
        }
    }

    private mutating func reportMissing(_ message: String, _ note: String, _ role: ConfigurationProblem.Role) {
        problems.append((nil, message, .plugin(note, for: role)))
    }

    private mutating func claimNames(of plugin: RegisteredPlugin, at place: Int) {
        for breach in NameForm.breaches(by: plugin) {
            problems.append(
                (
                    place, "plugin '\(plugin.id)' adds \(breach), \(NameForm.rule)",
                    .text("ask its author to choose another name")
                ))
        }
        for (kind, names) in NameClaims.names(of: plugin.registry) {
            for name in names { claim(NameClaim(kind, name), plugin.id, place) }
        }
        for page in plugin.registry.pages { claim(page, plugin.id, place) }
        for source in plugin.registry.claimsSources { claim(source, plugin.id, place) }
        for outbox in plugin.registry.outboxes { check(outbox, plugin.id, place) }
        for attribute in plugin.attributes { claim(attribute, plugin.id, place) }
    }

    /// The names that a plugin claims, but for those of pages and of grants without a handler at the token endpoint.
    static func names(of registry: Registry) -> [(NameClaim.Kind, [String])] {
        let routes = registry.endpoints.map { $0.route }
        return [
            (.grant, registry.grants.map(\.declaration).flatMap(names(of:))),
            (.tokenFormat, registry.formats.map(\.name)),
            (.tokenType, registry.products.flatMap(\.types)), (.trustedIssuer, registry.issuers.map(\.name)),
            (.responseMember, registry.extensions.flatMap(\.members)),
            (.path, routes.map(\.claim)), (.metadata, routes.compactMap(\.metadata)),
            (.job, registry.jobs.map(\.name)), (.responseType, registry.flows.map(\.word)),
            (.authenticationMethod, registry.authenticators.flatMap(\.methods).map(\.name)),
            (.step, registry.steps.map(\.name)), (.purpose, registry.purposes.map(\.name)),
            // Two steps never share a page, so only fields of the core can clash.
            (.formField, registry.steps.flatMap(\.fields).map(\.name).filter(InteractionRun.fields.contains)),
            (.document, registry.documents.map(\.name)), (.collection, registry.collections.map(\.name)),
            (.store, registry.stores.map { _ in "" }),
        ]
    }

    /// The names of a grant.
    static func names(of grant: GrantDeclaration) -> [String] {
        Set([grant.wire, grant.key] + grant.aliases).sorted()
    }

    /// Claims an attribute; one of every grant also clashes with one of a single grant.
    private mutating func claim(_ attribute: AttributeDeclaration, _ id: String, _ place: Int) {
        let isCores =
            attribute.level == .client
            ? ClientDocument.isOwn(member: attribute.name) : ClientDocument.isOwn(attribute: attribute.name)
        let other = isCores ? "core" : attributes.first { attribute.overlaps($0.name, $0.level) }?.owner
        attributes.append((attribute.name, attribute.level, id))
        guard let other else { return }
        problems.append(
            (
                place, "plugin '\(id)' adds the attribute \(attribute.place)\(NameClaim.whose(other, for: id))",
                .text(NameClaim.remedy(for: attribute.name, of: id, takenBy: other))
            ))
    }

    /// Reports claims that would replace what a token says about itself.
    private mutating func claim(_ source: any ClaimsSource, _ id: String, _ place: Int) {
        guard !source.destinations.isDisjoint(with: [.accessToken, .introspection]) else { return }
        for name in source.claims where ClaimsDestination.reserved.contains(name) {
            problems.append(
                (
                    place, "plugin '\(id)' gives access tokens the claim '\(name)', which belongs to the core",
                    .text("choose another name for the claim in the plugin's settings, or ask its author to")
                ))
        }
    }

    /// Reports kinds of events that no outbox is asked for, since nothing is committed with them.
    private mutating func check(_ outbox: any EventOutbox, _ id: String, _ place: Int) {
        let others = outbox.kinds.subtracting(Event.Kind.promised).map(\.rawValue).sorted()
        guard !others.isEmpty else { return }
        let names = others.map { "'\($0)'" }.joined(separator: ", ")
        problems.append(
            (
                place, "plugin '\(id)' has an outbox for the events \(names), with which nothing is committed",
                .text("ask its author to use an event sink for them")
            ))
    }

    /// Reports a role that would see, in the requests of every client, what only the grant of another plugin may see.
    private mutating func checkSecrets(of other: RegisteredPlugin, shownTo plugin: RegisteredPlugin, _ place: Int) {
        let seeing = [
            ("filter of token requests", plugin.registry.tokenFilters.flatMap(\.parameters)),
            ("client authenticator", plugin.registry.authenticators.flatMap(\.parameters)),
        ]
        for secret in other.registry.grants.flatMap(\.parameters).filter(\.isSecret) {
            for (role, declared) in seeing where declared.contains(where: { $0.name == secret.name }) {
                problems.append(
                    (
                        place,
                        "plugin '\(plugin.id)' adds a \(role) with the parameter '\(secret.name)', which is a secret "
                            + "of a grant of plugin '\(other.id)'",
                        .text(NameClaim.remedy(for: secret.name, of: plugin.id, takenBy: other.id))
                    ))
            }
        }
    }

    private mutating func claim(_ page: PageTemplate, _ id: String, _ place: Int) {
        claim(NameClaim(.page, page.name), id, place)
        if page.texts["en"] == nil {
            problems.append((place, "plugin '\(id)' adds the page '\(page.name)' without English strings", nil))
        }
        for key in Set(page.texts.values.flatMap(\.keys)).sorted() where !key.raw.starts(with: "\(page.name)_") {
            problems.append(
                (
                    place, "plugin '\(id)' adds the string '\(key)' for the page '\(page.name)'",
                    .text("the keys of its strings must begin with '\(page.name)_'")
                ))
        }
    }

    /// Claims the names of grants that only response types and purposes use; several of them may share one grant.
    mutating func claimGrantsOfInteractions(_ plugins: [RegisteredPlugin]) {
        var known = Set(plugins.flatMap(\.registry.grants).map(\.declaration))
        for (place, plugin) in plugins.enumerated() {
            let ofFlows = plugin.registry.flows.filter { !$0.isCompanion }.map(\.grant)
            for grant in ofFlows + plugin.registry.purposes.map(\.grant) where known.insert(grant).inserted {
                for name in NameClaims.names(of: grant) { claim(NameClaim(.grant, name), plugin.id, place) }
            }
        }
    }

    private mutating func claim(_ claim: NameClaim, _ id: String, _ place: Int) {
        guard let owner = owners[claim] else {
            owners[claim] = id
            return
        }
        problems.append(
            (
                place, "plugin '\(id)' adds \(claim)\(NameClaim.whose(owner, for: id))",
                .text(claim.remedy(for: id, takenBy: owner))
            ))
    }

    mutating func fold(_ plugins: [RegisteredPlugin]) -> JSON {
        var members: JSON = [:]
        for (place, plugin) in plugins.enumerated() {
            for entry in plugin.registry.metadata {
                guard owners[NameClaim(.metadata, entry.name)] == nil else {
                    problems.append(
                        (place, "plugin '\(plugin.id)' sets the metadata '\(entry.name)', which is already set", nil))
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
                problems.append((place, "plugin '\(id)' sets the metadata '\(name)' to a different value", nil))
            }
            members[name] = value
        @unknown default:
            problems.append((place, "plugin '\(id)' adds metadata of an unknown kind", nil))
        }
    }
}

extension AttributeDeclaration {
    /// Whether the two attributes can appear in the same place under the same name.
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
