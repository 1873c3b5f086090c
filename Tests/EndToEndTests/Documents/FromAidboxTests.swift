// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

@Suite("The page about moving from Aidbox", .timeLimit(.minutes(10)))
struct FromAidboxTests {
    private static func page() throws -> String {
        try String(contentsOfFile: "\(Build.root)/Docs/FromAidbox.md", encoding: .utf8)
    }

    @Test("its example is accepted, with a warning for each marked line and for no other")
    func example() async throws {
        let text = try #require(try Self.page().firstMatch(of: /```yaml\n([\s\S]*?)```/)).1
        try await Folder.with { folder in
            try folder.write("config.yaml", String(text))
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 0, "\(ended.errors)")
            let marked = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                .filter { $0.element.contains("# warning") }.map { $0.offset + 1 }
            let warned = ended.errors.matches(of: /config\.yaml:(\d+):\d+: warning/).compactMap { Int($0.1) }
            #expect(Set(warned) == Set(marked) && marked.count == 4, "\(ended.errors)")
        }
    }

    @Test(
        "each attribute that it lists as a warning causes one, and none is an unknown key",
        arguments: [
            "trusted: true", "allowed-scopes: []", "scopes: []", "allowedIssuers: []", "jwks: []",
            "jwks_uri: https://a.example", "fhir-base-url: /fhir", "smart: {}", "meta: {}",
        ])
    func attributes(_ attribute: String) async throws {
        let name = String(attribute.prefix { $0 != ":" })
        #expect(try Self.page().contains("`\(name)`"))
        try await Folder.with { folder in
            try folder.write(
                "config.yaml",
                """
                issuer: http://127.0.0.1:8080
                plugins: [memory-store, opaque-token, client-credentials]
                clients:
                  - id: a
                    secret: demo-a
                    grant_types: [client_credentials]
                    \(attribute)
                """)
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 0 && ended.errors.contains("warning: '\(name)'"), "\(ended.errors)")
        }
    }
}
