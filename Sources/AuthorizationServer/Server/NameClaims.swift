// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Who claimed which name first: two that claim one are a problem, never a race.
struct NameClaims {
    /// What the core itself puts into answers with an access token.
    static let responseMembers = ["access_token", "token_type", "expires_in", "scope"]

    /// What the core has of its own.
    private static let ofCore: [(NameClaim.Kind, [String])] = [
        (.path, ["/token", AuthorizationEndpoint.path, AuthorizationEndpoint.interactionPath]),
        (.collection, ServerCore.collections.map(\.name) + ["key_ring"]),
        (.document, ["oauth-authorization-server", "jwks.json"]),
        (.step, [InteractionRun.step]), (.formField, InteractionRun.fields),
        (.responseMember, responseMembers), (.metadata, Array(Metadata.own)),
    ]

    private var owners = NameClaims.ofCore.reduce(into: [NameClaim: String]()) { owners, own in
        for name in own.1 { owners[NameClaim(own.0, name)] = "core" }
    }
    /// The attributes of clients that plugins read.
    private var attributes: [(name: String, level: AttributeLevel, owner: String)] = []
    private(set) var problems: [(plugin: Int?, message: String, note: ConfigurationProblem.Note?)] = []

    /// Reports each role that none of the plugins fills.
    mutating func reportMissingRoles(_ registries: [Registry], _ flows: [any AuthorizationFlow]) {
        if registries.allSatisfy(\.stores.isEmpty) {
            reportMissing("no plugin keeps state", "add a store to 'plugins'", .store)
        }
        if registries.allSatisfy(\.formats.isEmpty), registries.contains(where: { !$0.grants.isEmpty }) {
            reportMissing("no plugin makes access tokens", "add a token format to 'plugins'", .tokenFormat)
        }
        if !flows.isEmpty, !registries.flatMap(\.steps).contains(where: { $0.phase == .identify }) {
            reportMissing(
                "people are to approve, and nothing finds out who they are", "add a plugin by which they sign in",
                .signIn)
        }
    }

    private mutating func reportMissing(_ message: String, _ note: String, _ role: ConfigurationProblem.Role) {
        problems.append((nil, message, .plugin(note, for: role)))
    }

    mutating func claimNames(of plugin: RegisteredPlugin, at place: Int) {
        for (kind, names) in NameClaims.names(of: plugin.registry) {
            for name in names { claim(NameClaim(kind, name), plugin.id, place) }
        }
        for page in plugin.registry.pages { claim(page, plugin.id, place) }
        for attribute in plugin.attributes { claim(attribute, plugin.id, place) }
    }

    private static func names(of registry: Registry) -> [(NameClaim.Kind, [String])] {
        let routes =
            registry.endpoints.map(\.route) + registry.resourceEndpoints.map(\.route)
            + registry.browserEndpoints.map(\.route)
        return [
            (.grant, registry.grants.map(\.declaration).flatMap(names(of:))),
            (.tokenFormat, registry.formats.map(\.name)),
            (.responseMember, registry.extensions.flatMap(\.members)),
            (.path, routes.map(\.path)), (.metadata, routes.compactMap(\.metadata)),
            (.job, registry.jobs.map(\.name)), (.responseType, registry.flows.map(\.word)),
            (.step, registry.steps.map(\.name)),
            // Fields of two steps are never on one page, so only the core's own are taken.
            (.formField, registry.steps.flatMap(\.fields).map(\.name).filter(InteractionRun.fields.contains)),
            (.document, registry.documents.map(\.name)), (.collection, registry.collections.map(\.name)),
            (.store, registry.stores.map { _ in "" }),
        ]
    }

    private static func names(of grant: GrantDeclaration) -> [String] {
        Set([grant.wire, grant.key] + grant.aliases).sorted()
    }

    /// An attribute of every grant is one of each grant as well.
    private mutating func claim(_ attribute: AttributeDeclaration, _ id: String, _ place: Int) {
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
                .text(other == "core" ? "its author has to give it another name" : "load one of them")
            ))
    }

    private mutating func claim(_ page: PageTemplate, _ id: String, _ place: Int) {
        claim(NameClaim(.page, page.name), id, place)
        if page.texts["en"] == nil {
            problems.append((place, "plugin '\(id)' adds the page '\(page.name)' without English texts", nil))
        }
        for key in Set(page.texts.values.flatMap(\.keys)).sorted() where !key.raw.starts(with: "\(page.name)_") {
            problems.append(
                (
                    place, "plugin '\(id)' adds the text '\(key)' for the page '\(page.name)'",
                    .text("its texts begin with '\(page.name)_'")
                ))
        }
    }

    /// A grant that only flows have; several of them may share one.
    mutating func claimGrantsOfFlows(_ plugins: [RegisteredPlugin]) {
        var known = Set(plugins.flatMap(\.registry.grants).map(\.declaration))
        for (place, plugin) in plugins.enumerated() {
            for grant in plugin.registry.flows.filter({ !$0.isCompanion }).map(\.grant)
            where known.insert(grant).inserted {
                for name in NameClaims.names(of: grant) { claim(NameClaim(.grant, name), plugin.id, place) }
            }
        }
    }

    private mutating func claim(_ claim: NameClaim, _ id: String, _ place: Int) {
        if let owner = owners.updateValue(id, forKey: claim) {
            let other = owner == "core" ? "the core has itself" : "plugin '\(owner)' adds too"
            problems.append((place, "plugin '\(id)' adds \(claim), which \(other)", .text("load one of them")))
        }
    }

    mutating func fold(_ plugins: [RegisteredPlugin]) -> JSON {
        var members: JSON = [:]
        for (place, plugin) in plugins.enumerated() {
            for entry in plugin.registry.metadata {
                guard owners[NameClaim(.metadata, entry.name)] == nil else {
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
    /// Whether it is at the place of another one of the same name.
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
