// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// The description of a plugin that a library has registered.
package enum HostedDescription {
    /// The description.
    ///
    /// - Parameters:
    ///   - manifest: The plugin's id, version and summary.
    ///   - registry: What it adds.
    ///   - settings: The settings that it reads.
    ///   - problems: The problems that it has found in its settings.
    ///   - attributes: The client attributes that it reads.
    ///   - permitted: What the operator permits; a library cannot say which host calls it makes.
    /// - Returns: The description.
    package static func form(
        _ manifest: PluginManifest, _ registry: Registry, settings: [SettingDeclaration],
        problems: [(key: String, message: String)], attributes: [AttributeDeclaration],
        permitted: Set<HostPermission>
    ) -> JSON {
        .present(
            [
                ("protocol", .integer(PluginProgram.version)), ("version", .string(manifest.version)),
                ("summary", .string(manifest.summary)), ("specification", .string(manifest.specification)),
                ("host_calls", .strings(HostCalls.available(permitted).sorted())),
                ("settings", .array(settings.map(form(of:)))),
                ("problems", .array(problems.map { ["key": .string($0.key), "message": .string($0.message)] })),
                ("attributes", .array(attributes.map(\.form))),
            ] + roles(of: registry) + excluded(of: registry) + declarations(of: registry))
    }

    private static func roles(of registry: Registry) -> [(String, JSON?)] {
        [
            ("grants", list(registry.grants) { adding($0.parameters, to: $0.declaration.form) }),
            ("token_filters", list(registry.tokenFilters) { adding($0.parameters, to: [:]) }),
            (
                "extensions",
                list(registry.extensions) {
                    ["members": .strings($0.members), "stage": $0.stage == .assertion ? "assertion" : "credential"]
                }
            ),
            (
                "claims",
                list(registry.claimsSources) {
                    ["claims": .strings($0.claims), "destinations": .strings($0.destinations.map(\.word).sorted())]
                }
            ),
            (
                "event_sinks",
                list(registry.eventSinks) {
                    ["required": .bool($0.isRequired), "from_commands": .bool($0.takesFromCommands)]
                }
            ),
            ("jobs", list(registry.jobs) { ["name": .string($0.name)] }),
            ("endpoints", list(registry.endpoints) { form(of: $0) }),
        ] + interactionRoles(of: registry) + otherRoles(of: registry)
    }

    private static func interactionRoles(of registry: Registry) -> [(String, JSON?)] {
        [
            ("request_filters", list(registry.requestFilters) { adding($0.parameters, to: [:]) }),
            ("flows", list(registry.flows) { IsolatedFlow.form(of: $0) }),
            (
                "steps",
                list(registry.steps) {
                    [
                        "name": .string($0.name), "phase": .string($0.phase.word),
                        "fields": .array($0.fields.map(\.form)),
                    ]
                }
            ),
            ("purposes", list(registry.purposes) { ["name": .string($0.name), "grant": $0.grant.form] }),
        ]
    }

    private static func otherRoles(of registry: Registry) -> [(String, JSON?)] {
        [
            (
                "authenticators",
                list(registry.authenticators) {
                    adding($0.parameters, to: ["methods": .array($0.methods.map(\.form))])
                }
            ),
            (
                "token_products",
                list(registry.products) {
                    [
                        "types": .strings($0.types), "longest_life": .integer($0.longestLife.components.seconds),
                    ]
                }
            ),
            (
                "outboxes",
                list(registry.outboxes) {
                    ["kinds": .strings($0.kinds.map(\.rawValue).sorted()), "required": .bool($0.isRequired)]
                }
            ),
            ("revocations", list(registry.revocationParticipants) { _ in [:] }),
            ("issuers", list(registry.issuers) { $0.described }),
        ]
    }

    /// The roles that cannot be isolated, so that the server refuses them with the reason.
    private static func excluded(of registry: Registry) -> [(String, JSON?)] {
        let tokens = registry.resolvers.count - registry.formats.count
        return [
            ("stores", list(registry.stores) { _ in [:] }), ("token_formats", list(registry.formats) { _ in [:] }),
            ("token_resolvers", list(Array(repeating: 0, count: max(0, tokens))) { _ in [:] }),
        ]
    }

    private static func declarations(of registry: Registry) -> [(String, JSON?)] {
        [
            ("collections", list(registry.collections) { $0.form }),
            ("scopes_on_request", list(registry.scopesOnRequest.sorted()) { .string($0) }),
            ("required_scopes", list(registry.requiredScopes.sorted()) { .string($0) }),
            ("signing_algorithms", list(registry.signingAlgorithms) { .string($0) }),
            ("metadata", list(registry.metadata) { form(of: $0.name, $0.value) }),
            ("documents", list(registry.documents) { ["name": .string($0.name), "adding": .object($0.adding)] }),
            ("pages", list(registry.pages) { form(of: $0) }),
            ("reason_against_isolation", registry.reasonAgainstIsolation.map(JSON.string)),
        ]
    }

    /// A list; nil if it is empty.
    private static func list<Value>(_ values: [Value], _ form: (Value) -> JSON) -> JSON? {
        values.isEmpty ? nil : .array(values.map(form))
    }

    private static func adding(_ parameters: [ParameterDeclaration], to form: JSON) -> JSON {
        var form = form
        form["parameters"] = parameters.isEmpty ? nil : .array(parameters.map(\.form))
        return form
    }

    private static func form(of endpoint: any Endpoint) -> JSON {
        var form = adding(endpoint.parameters, to: endpoint.route.form)
        form["caller"] = endpoint.admissionRule.form
        if case .json(let types) = endpoint.body { form["takes"] = .strings(types) }
        return form
    }

    private static func form(of name: String, _ value: MetadataValue) -> JSON {
        switch value {
        case .union(let words): ["name": .string(name), "union": .strings(words)]
        case .value(let value): ["name": .string(name), "value": value]
        @unknown default: ["name": .string(name), "value": .null]
        }
    }

    private static func form(of page: PageTemplate) -> JSON {
        let texts = page.texts.sorted { $0.key < $1.key }.map { language, texts in
            JSON.Member(
                language, .object(texts.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }))
        }
        return ["name": .string(page.name), "template": .string(page.template), "texts": .object(texts)]
    }

    private static func form(of setting: SettingDeclaration) -> JSON {
        .present([
            ("key", .string(setting.key)), ("expectation", .string(setting.expectation)),
            ("default", setting.fallback), ("example", setting.example), ("bounds", .string(setting.bounds)),
            ("help", .string(setting.help)), ("secret", setting.isSecret ? true : nil),
        ])
    }
}
