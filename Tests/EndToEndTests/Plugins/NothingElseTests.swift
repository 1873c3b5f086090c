// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("Plugins that the file does not list are not in the process", .timeLimit(.minutes(10)))
struct NothingElseTests {
    private static let few: Set<String> = ["client-credentials", "jwt-token", "sqlite-store"]

    /// All installed plugins, with the paths and documents that they add.
    private func installed(_ folder: Folder) throws -> [(id: String, paths: [String])] {
        let list = try Command.grantor("plugins", "list", in: folder).output
        let ids = list.split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").first.map(String.init) }
        return try ids.map { id in
            let shown = try Command.grantor("plugins", "show", id, in: folder).output
            let paths = shown.matches(of: /(?:endpoint|page) (\/[^\s,]*)/).map {
                String($0.1).replacing("{id}", with: "x")
            }
            let documents = shown.matches(of: /document ([^\s,]+)/).map { "/.well-known/\($0.1)" }
            return (id, paths + documents)
        }
    }

    @Test("no route of another plugin is served, and no other library is mapped")
    func few() async throws {
        try await Folder.with { folder in
            try folder.write(
                "config.yaml",
                """
                issuer: http://127.0.0.1:8080
                listen: { host: 127.0.0.1, port: 0 }
                plugins: [sqlite-store, jwt-token, client-credentials]
                clients: [{ id: a, secret: "a secret of a test", grant_types: [client_credentials] }]
                """)
            let program = try await Program.start(folder)
            defer { program.stop() }
            let plugins = try installed(folder)
            #expect(plugins.count > 12 && plugins.flatMap(\.paths).count > 3)
            let core = ["/authorize", "/interaction", "/assets/style.css"]
            for path in plugins.filter({ !Self.few.contains($0.id) }).flatMap(\.paths) + core {
                for place in [path, "/auth\(path)", "/oauth2\(path)"] {
                    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                        let answer = try HTTPSocket(port: program.port).exchange(
                            "\(method) \(place) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                        #expect(answer.status == 404, "\(method) \(place)")
                    }
                    #expect(try program.post(place, [("token", "x")], as: ("a", "a secret of a test")).status == 404)
                }
            }
            let maps = try Command.shell("cat /proc/\(program.pid)/maps", in: folder).output
            for plugin in plugins {
                #expect(maps.contains("/lib\(plugin.id).so") == Self.few.contains(plugin.id), "\(plugin.id)")
            }
            #expect(try program.token("a", "a secret of a test").status == 200)
        }
    }
}
