// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
import GrantKitTesting
import Testing

/// A plugin that adds one thing of some kinds, or refuses to.
private struct Adding: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "adding", summary: "", specification: "")
    let declaration = GrantDeclaration("adding", client: .confidential)
    private let isRefused: Bool

    init(settings: Settings, host: any PluginHost) throws {
        isRefused = settings.read("refused", default: false, "whether it refuses")
    }

    init(isRefused: Bool = false) {
        self.isRefused = isRefused
    }

    func register(in registry: inout Registry) throws {
        if isRefused { throw ConfigurationError("it refuses") }
        registry.add(grant: self)
        registry.add(collection: StoreCollection("added"))
        registry.add(metadata: "added_supported", .value(true))
        registry.add(page: "added", template: "{{> head}}{{> foot}}", texts: ["en": ["added_title": "Added"]])
        registry.add(document: "added-configuration", adding: [JSON.Member("added", true)])
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

@Suite("What a plugin registers, for tests of the plugin", .timeLimit(.minutes(10)))
struct TestRegistryTests {
    @Test("a test sees what its plugin adds, and nothing else")
    func adds() throws {
        let added = try TestRegistry(Adding())
        #expect(added.grants.map(\.declaration.wire) == ["adding"])
        #expect(added.collections.map(\.name) == ["added"])
        #expect(added.metadata.count == 1 && added.metadata.first?.name == "added_supported")
        #expect(added.pages.map(\.name) == ["added"] && added.pages.first?.template == "{{> head}}{{> foot}}")
        #expect(added.pages.first?.texts == ["en": ["added_title": "Added"]])
        #expect(added.documents.map(\.name) == ["added-configuration"])
        #expect(added.documents.first?.adding == [JSON.Member("added", true)])
        #expect(added.endpoints.isEmpty && added.steps.isEmpty && added.stores.isEmpty)
    }

    @Test("an error of the plugin is thrown")
    func refuses() {
        #expect(throws: ConfigurationError.self) { try TestRegistry(Adding(isRefused: true)) }
    }

    @Test("every list of the registry is there")
    func complete() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let source = try String(
            contentsOfFile: "\(root)/Sources/GrantKit/Testing/Sources/GrantKitTesting/Values/TestRegistry.swift",
            encoding: .utf8)
        let lists = Mirror(reflecting: Registry()).children.filter { $0.value is any Collection }.compactMap(\.label)
        #expect(lists.count > 20)
        for list in lists { #expect(source.contains("public var \(list): "), "\(list)") }
    }
}
