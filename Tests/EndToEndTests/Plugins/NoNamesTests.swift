// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The core names no plugin's words", .timeLimit(.minutes(10)))
struct NoNamesTests {
    /// Words that configuration, forms, pages or metrics have of their own, and that a plugin happens to use too.
    private static let shared: Set<String> = [
        "audience", "scope", "redirect_uri", "code", "name", "email", "nonce", "password", "token",
    ]

    private func declared() throws -> Set<String> {
        var names: Set<String> = []
        for setup in Plugins.discouraged + [.init(Plugins.auditLog), .init(Plugins.adminAPI)] {
            let settings = RecordingSettings()
            var registry = Registry()
            try setup.type.init(settings: Settings(settings), host: NoHost()).register(in: &registry)
            names.insert(setup.type.manifest.id)
            for grant in registry.grants.map(\.declaration) {
                names.formUnion([grant.wire, grant.key] + grant.aliases)
            }
            names.formUnion(registry.formats.map(\.name) + registry.extensions.flatMap(\.members))
            names.formUnion(registry.grants.flatMap(\.parameters).map(\.name) + registry.collections.map(\.name))
            names.formUnion(registry.endpoints.map(\.route.path) + registry.resourceEndpoints.map(\.route.path))
            names.formUnion(registry.browserEndpoints.map(\.route.path) + registry.jobs.map(\.name))
            names.formUnion(registry.flows.map(\.word) + registry.steps.map(\.name))
            names.formUnion(registry.flows.map(\.grant.key) + registry.documents.map(\.name))
            names.formUnion(registry.flows.flatMap(\.parameters).map(\.name))
            names.formUnion(registry.requestFilters.flatMap(\.parameters).map(\.name))
            names.formUnion(registry.claimsSources.flatMap(\.claims))
            names.formUnion(registry.scopesOnRequest)
        }
        return names.subtracting(NoNamesTests.shared)
    }

    final class RecordingSettings: SettingsSource {
        func value(of declaration: SettingDeclaration) -> JSON? { nil }
        func report(_ problem: String, at key: String) {}
        func declare(_ attribute: AttributeDeclaration) {}
    }

    @Test("no string literal of the core is a name that a plugin declares")
    func literals() throws {
        let names = try declared()
        #expect(names.contains("client_credentials") && names.contains("jwt") && names.count > 12)
        let files = FileManager.default.enumerator(atPath: "\(Build.root)/Sources")?.compactMap { $0 as? String } ?? []
        var count = 0
        for file in files where file.hasSuffix(".swift") && !file.hasPrefix("GrantKit/") {
            let text = try String(contentsOfFile: "\(Build.root)/Sources/\(file)", encoding: .utf8)
            for match in text.matches(of: /"([^"\\]*)"/) where names.contains(String(match.1)) {
                Issue.record("\(file) holds the literal \"\(match.1)\"")
            }
            count += 1
        }
        #expect(count > 40)
    }
}
