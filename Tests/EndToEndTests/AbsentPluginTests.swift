// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("What is not listed is not in the process", .timeLimit(.minutes(2)))
struct AbsentPluginTests {
    private static let few = ["client-credentials", "jwt-token", "sqlite-store"]
    private static let yaml = """
        issuer: http://127.0.0.1:8080
        listen: { host: 127.0.0.1, port: 0 }
        plugins: [sqlite-store, jwt-token, client-credentials]
        clients:
          - { id: service, secret: "s3cret of the service", grant_types: [client_credentials], scope: [admin, read] }
        """

    /// What the installed plugins say that they serve, by their ids.
    private func declared(_ folder: Folder) throws -> [String: [String]] {
        let rows = try Command.grantor("plugins", "list", in: folder).output.split(separator: "\n").dropFirst()
        var paths: [String: [String]] = [:]
        for id in rows.compactMap({ $0.split(separator: " ").first.map(String.init) }) {
            let shown = try Command.grantor("plugins", "show", id, in: folder)
            guard shown.status == 0,
                let line = shown.output.split(separator: "\n").first(where: { $0.hasPrefix("adds ") })
            else { continue }
            let endpoints = line.matches(of: /endpoint (\/[^ ,]*)/).map { String($0.1).replacing("{id}", with: "x") }
            let documents = line.matches(of: /document ([^ ,]+)/).map { "/.well-known/\($0.1)" }
            let flows = line.contains("response type") ? ["/authorize", "/interaction"] : []
            paths[id] = endpoints + documents + flows
        }
        return paths
    }

    @Test("a deployment of three plugins answers 404 on every path of every other one, and has none of their libraries")
    func absent() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", AbsentPluginTests.yaml)
            let all = try declared(folder)
            let others = all.filter { !AbsentPluginTests.few.contains($0.key) }
            #expect(
                others.count >= 9 && others["admin-api"]?.count == 4 && others["openid"]?.isEmpty == false, "\(all)")
            let program = try await Program.start(folder)
            defer { program.stop() }
            let token = try program.token("service", "s3cret of the service").json["access_token"]?.string ?? ""
            #expect(!token.isEmpty)
            for (id, paths) in others {
                for path in paths.flatMap({ [$0, "/auth\($0)", "/oauth2\($0)"] }) {
                    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                        let answer = try HTTPSocket(port: program.port).exchange(
                            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                                + "Content-Length: 0\r\nConnection: close\r\n\r\n")
                        #expect(answer.status == 404, "\(id): \(method) \(path) answers \(answer.status)")
                    }
                }
            }
            let maps = try Command.shell("cat /proc/\(program.pid)/maps", in: folder).output
            for id in all.keys {
                #expect(maps.contains("/lib\(id).so") == AbsentPluginTests.few.contains(id), "\(id)")
            }
        }
    }
}
