// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

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
