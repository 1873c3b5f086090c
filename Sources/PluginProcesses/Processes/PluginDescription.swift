// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// What a program says about its plugin: everything that a library says in `init` and `register`.
package struct PluginDescription: Sendable {
    /// The lists of roles that cannot be isolated, and why.
    private static let excluded = [
        "stores": "every request of the server would wait for its process several times",
        "token_formats": "every request with a token would wait for its process",
        "token_resolvers": "every request with a token would wait for its process",
    ]

    /// The description as the program sent it.
    package let form: JSON
    /// The plugin's id, version and summary.
    package let manifest: PluginManifest
    /// The host calls that it makes.
    package let hostCalls: Set<String>
    /// The names of the jobs that it runs.
    let jobs: Set<String>
    /// The settings that it reads.
    package let settings: [DescribedSetting]
    /// The problems that it has found in its settings, by key.
    package let problems: [(key: String, message: String)]
    /// The client attributes that it reads.
    package let attributes: [AttributeDeclaration]

    /// Reads a description.
    ///
    /// - Parameters:
    ///   - form: What the program sent.
    ///   - plugin: The id of the plugin.
    /// - Throws: `PluginStartError`.
    package init(form: JSON, of plugin: String) throws {
        for member in form.members {
            guard let reason = PluginDescription.excluded[member.name], !member.value.elements.isEmpty else { continue }
            throw PluginStartError(
                "it has '\(member.name)', which cannot be isolated: \(reason)", refusesIsolation: true)
        }
        do {
            try self.init(checking: form, of: plugin)
        } catch let error as FormError {
            throw PluginStartError("its description is not valid: \(error)")
        }
    }

    /// Throws if the plugin can run only in the server's own process.
    ///
    /// - Throws: `PluginStartError`.
    package func checkIsolation() throws {
        guard let reason = form["reason_against_isolation"]?.string else { return }
        throw PluginStartError(reason, refusesIsolation: true)
    }

    private init(checking form: JSON, of plugin: String) throws {
        guard form["protocol"]?.integer == PluginProgram.version else {
            throw FormError("'protocol' must be \(PluginProgram.version), the version that this server speaks")
        }
        self.form = form
        manifest = PluginManifest(
            id: plugin, version: form["version"]?.string ?? "0.0.0", summary: form["summary"]?.string ?? "",
            specification: form["specification"]?.string ?? "")
        hostCalls = Set(try form.words("host_calls"))
        if let unknown = hostCalls.subtracting(HostCalls.all).min() {
            throw FormError("there is no host call '\(unknown)'")
        }
        jobs = Set(try form.list("jobs") { try $0.required("name", \.string) })
        settings = try form.list("settings", DescribedSetting.init(form:))
        problems = try form.list("problems") { problem in
            (problem["key"]?.string ?? "", try problem.required("message", \.string))
        }
        attributes = try form.list("attributes", AttributeDeclaration.init(form:))
        var registry = Registry()
        try register(in: &registry, nil)
        try checkMethods(of: registry)
    }

    /// Refuses a method of authentication for all clients that have some attribute of others, such as a redirect URI.
    private func checkMethods(of registry: Registry) throws {
        let named = registry.authenticators.flatMap(\.methods).compactMap(\.attribute)
        guard let other = named.first(where: { name in !attributes.contains { $0.name == name } }) else { return }
        throw FormError("a method of authentication needs '\(other)', which must be one of 'attributes'")
    }

    /// Adds a stand-in for each role.
    ///
    /// - Parameters:
    ///   - registry: The registry.
    ///   - caller: Answers the calls of the stand-ins; nil only to find out whether the description is valid.
    /// - Throws: `FormError`.
    package func register(in registry: inout Registry, _ caller: (any PluginCaller)?) throws {
        registry.isCalledWithMessages = true
        try addRoles(to: &registry, caller)
        if let caller, attributes.contains(where: \.isCheckedByPlugin) {
            registry.attributeCheck = IsolatedAttributes(caller: caller)
        }
        for collection in try form.list("collections", StoreCollection.init(form:)) {
            registry.add(collection: collection)
        }
        for word in try form.words("scopes_on_request") { registry.add(scopeOnRequest: word) }
        for word in try form.words("required_scopes") { registry.add(requiredScope: word) }
        for algorithm in try form.words("signing_algorithms") { registry.add(signingAlgorithm: algorithm) }
        for document in try form.list("documents", { (try $0.required("name", \.string), $0["adding"]?.members ?? []) })
        {
            registry.add(document: document.0, adding: document.1)
        }
        for page in try form.list("pages", PluginDescription.page) {
            registry.add(page: page.name, template: page.template, texts: page.texts)
        }
        for (name, value) in try form.list("metadata", MetadataValue.member) { registry.add(metadata: name, value) }
    }

    private func addRoles(to registry: inout Registry, _ caller: (any PluginCaller)?) throws {
        let grants = try numbered("grants") { try IsolatedGrant($0, role: $1, of: caller) }
        for grant in grants { registry.add(grant: grant) }
        let filters = try numbered("token_filters") {
            try IsolatedTokenFilter($0, role: $1, of: caller, beside: grants)
        }
        for filter in filters { registry.add(tokenFilter: filter) }
        for source in try numbered("claims", { try IsolatedClaims($0, role: $1, of: caller) }) {
            registry.add(claims: source)
        }
        for sink in try numbered("event_sinks", { try IsolatedSink($0, role: $1, of: caller) }) {
            registry.add(eventSink: sink)
        }
        for handler in try numbered("jobs", { try IsolatedJobHandler($0, role: $1, of: caller) }) {
            registry.add(job: handler)
        }
        _ = try numbered("endpoints") { try registry.add(endpoint: $0, role: $1, of: caller) }
        for role in try numbered("extensions", { try IsolatedExtension($0, role: $1, of: caller) }) {
            registry.add(extension: role)
        }
        try addInteractionRoles(to: &registry, caller)
        try addOtherRoles(to: &registry, caller)
    }

    private func addInteractionRoles(to registry: inout Registry, _ caller: (any PluginCaller)?) throws {
        for filter in try numbered("request_filters", { try IsolatedRequestFilter($0, role: $1, of: caller) }) {
            registry.add(requestFilter: filter)
        }
        for flow in try numbered("flows", { try IsolatedFlow($0, role: $1, of: caller) }) {
            registry.add(flow: flow)
        }
        for step in try numbered("steps", { try IsolatedStep($0, role: $1, of: caller) }) {
            registry.add(step: step)
        }
        for purpose in try numbered("purposes", { try IsolatedPurpose($0, role: $1, of: caller) }) {
            registry.add(purpose: purpose)
        }
    }

    private func addOtherRoles(to registry: inout Registry, _ caller: (any PluginCaller)?) throws {
        for role in try numbered("authenticators", { try IsolatedAuthenticator($0, role: $1, of: caller) }) {
            registry.add(authenticator: role)
        }
        for product in try numbered("token_products", { try IsolatedProduct($0, role: $1, of: caller) }) {
            registry.add(product: product)
        }
        for outbox in try numbered("outboxes", { try IsolatedOutbox($0, role: $1, of: caller) }) {
            registry.add(outbox: outbox)
        }
        for participant in try numbered("revocations", { try IsolatedParticipant($0, role: $1, of: caller) }) {
            registry.add(revocation: participant)
        }
        for issuer in try form.list("issuers", { try ForeignIssuer(described: $0, caller?.host.foreignKeys) }) {
            registry.add(issuer: issuer)
        }
    }

    private static func page(_ form: JSON) throws -> (name: String, template: String, texts: [String: [String: String]])
    {
        let languages = (form["texts"]?.members ?? []).map { language in
            (
                language.name,
                Dictionary(language.value.members.map { ($0.name, $0.value.string ?? "") }) { first, _ in first }
            )
        }
        return (
            try form.required("name", \.string), try form.required("template", \.string),
            Dictionary(languages) { first, _ in first }
        )
    }

    /// The elements of a list, each with its place.
    private func numbered<Role>(_ name: String, _ read: (JSON, Int) throws -> Role) throws -> [Role] {
        var place = -1
        return try form.list(name) { element in
            place += 1
            return try read(element, place)
        }
    }
}

extension StoreCollection: JSONForm {
    package init(form: JSON) throws {
        let retention = try form.duration("retention") ?? .zero
        let durability = form["durability"]?.string ?? "durable"
        guard ["durable", "relaxed"].contains(durability) else {
            throw FormError("'durability' must be durable or relaxed")
        }
        self.init(
            try form.required("name", \.string), indexes: try form.words("indexes"),
            durability: durability == "relaxed" ? .relaxed : .durable, retention: retention)
    }

    package var form: JSON {
        [
            "name": .string(name), "indexes": .strings(indexes),
            "durability": durability == .relaxed ? "relaxed" : "durable",
            "retention": .integer(retention.components.seconds),
        ]
    }
}

extension MetadataValue {
    /// Reads a member of the server's metadata.
    static func member(_ form: JSON) throws -> (String, MetadataValue) {
        let name = try form.required("name", \.string)
        if form["union"] != nil { return (name, .union(try form.words("union"))) }
        return (name, .value(try form.required("value") { $0 }))
    }
}
