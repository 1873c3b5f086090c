// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// A plugin that gives a name from its settings to one of the things that it adds.
private struct OddlyNamed: Plugin, TokenGrant, ResponseExtension {
    static let manifest = PluginManifest(id: "odd", summary: "", specification: "")
    let declaration: GrantDeclaration
    let parameters: [ParameterDeclaration]
    let members: [String]
    private let collection: String
    private let scope: String
    private let document: String

    init(settings: Settings, host: any PluginHost) {
        let kind = settings.read("kind", default: "", "what gets the name")
        let name = settings.read("name", default: "", "the name")
        func named(_ own: String) -> String { kind == own ? name : "odd_\(own)" }
        declaration = GrantDeclaration(
            named("grant"), key: named("key"), aliases: [named("alias")], client: .identified)
        parameters = [ParameterDeclaration(named("parameter"))]
        members = [named("member")]
        (collection, scope, document) = (named("collection"), named("scope"), named("document"))
        _ = settings.clientAttribute(named("attribute"), default: "", "test")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(extension: self)
        registry.add(collection: StoreCollection(collection))
        registry.add(scopeOnRequest: scope)
        registry.add(document: document)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }

    func extend(_ issuance: inout Issuance) async throws {}
}

@Suite("The names that a plugin declares are words", .timeLimit(.minutes(10)))
struct NameFormTests {
    /// What gets a name, as the plugin's setting and as messages call it.
    struct Kind: Sendable {
        let setting: String
        let shown: String
    }

    private static let kinds = [
        Kind(setting: "grant", shown: "grant"), Kind(setting: "key", shown: "grant"),
        Kind(setting: "alias", shown: "grant"), Kind(setting: "parameter", shown: "request parameter"),
        Kind(setting: "member", shown: "response member"), Kind(setting: "collection", shown: "collection"),
        Kind(setting: "scope", shown: "scope value"), Kind(setting: "document", shown: "document"),
        Kind(setting: "attribute", shown: "client attribute"),
    ]

    private func start(_ kind: Kind, _ name: String) async throws {
        let odd = PluginSetup(OddlyNamed.self, ["kind": .string(kind.setting), "name": .string(name)])
        _ = try await TestServer(Plugins.all + [odd], clients: [])
    }

    @Test(
        "a name that is not a word prevents the start, and the message names plugin, kind and name",
        arguments: kinds, ["two words", "a\"b", "a\\b", "", "caf\u{E9}", "K\u{301}", "line\nbreak", "a\u{0}b"])
    func refused(_ kind: Kind, _ name: String) async {
        let error = await #expect(throws: ConfigurationError.self) { try await start(kind, name) }
        let message = "plugin 'odd' adds the \(kind.shown) '\(name)', which is not a word: use ASCII letters"
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        "but one with digits and punctuation does not",
        arguments: kinds, ["urn:example:odd", "a~b+c", "odd-1.0_'x'"])
    func accepted(_ kind: Kind, _ name: String) async throws {
        try await start(kind, name)
    }
}
