// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

@Suite("SIGHUP reloads the configuration", .timeLimit(.minutes(10)))
struct ReloadTests {
    @Test("clients change between two requests, and tokens stay valid")
    func clients() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder, secrets: [Configurations.secret, "another secret now"])
            let token = try #require(try program.token("service", Configurations.secret)["access_token"])
            try folder.write("config.yaml", Configurations.yaml(secret: "another secret now"))
            #expect(try await program.reload().contains("the configuration was reloaded"))
            #expect(try program.token("service", Configurations.secret)["error"] == "invalid_client")
            let answer = try program.post("/auth/introspect", [("token", token)], as: ("service", "another secret now"))
            #expect(answer.json["active"] == true)
            #expect(program.stop() == 0)
        }
    }

    @Test("an invalid file is reported and changes nothing")
    func invalid() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder, secrets: [Configurations.secret])
            for text in [
                Configurations.yaml().replacing("scope:", with: "scops:"), "issuer: [", "",
                Configurations.yaml(more: "nonsense: 1"),
            ] {
                try folder.write("config.yaml", text)
                let news = try await program.reload()
                #expect(news.contains("was not reloaded") && news.contains("error:"))
                #expect(try program.token("service", Configurations.secret).status == 200)
            }
            program.stop()
        }
    }

    @Test("two page files for one language are reported by a reload, by 'check' and at the start")
    func pages() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(more: "pages: { folder: pages }"))
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/pages/text", withIntermediateDirectories: true)
            try folder.write("pages/text/pt-BR.json", "{}")
            let program = try await Program.start(folder, secrets: [Configurations.secret])
            try folder.write("pages/text/pt-br.json", "{}")
            let news = try await program.reload()
            let problem = "'text/pt-BR.json' and 'text/pt-br.json' have the same language"
            #expect(news.contains("was not reloaded") && news.contains(problem))
            #expect(try program.token("service", Configurations.secret).status == 200)
            #expect(program.stop() == 0)
            for command in ["check", "serve"] {
                let ended = try Command.grantor(command, in: folder)
                #expect(ended.status == 78 && ended.errors.contains(problem), "\(command): \(ended.errors)")
            }
        }
    }

    @Test(
        "a change that a reload cannot make is reported as needing a restart",
        arguments: [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081", "'issuer' has changed"),
            ("port: 0", "port: 0, max_connections: 9", "'listen' has changed"),
            ("path: var/grantor.db", "path: var/other.db", "the settings of the store 'sqlite-store' have changed"),
        ])
    func fixed(_ old: String, _ new: String, _ message: String) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            try folder.write("config.yaml", Configurations.yaml().replacing(old, with: new))
            let news = try await program.reload()
            #expect(news.contains(message) && news.contains("restart needed") && news.contains("was not reloaded"))
            #expect(try program.token("service", Configurations.secret).status == 200)
            program.stop()
        }
    }

    @Test("a pin that is added later must match the loaded library, and then needs no restart")
    func pin() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            let file = Array(try Data(contentsOf: URL(fileURLWithPath: "\(Build.products)/libintrospection.so")))
            let digest = Digest.sha256(file).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            func pinned(_ digest: String) -> String {
                Configurations.yaml().replacing(
                    "- introspection", with: "- { plugin: introspection, sha256: \"\(digest)\" }")
            }
            try folder.write("config.yaml", pinned(String(repeating: "0", count: 64)))
            let wrong = try await program.reload()
            #expect(wrong.contains("has the digest \(digest), but the configuration pins 0000"))
            #expect(wrong.contains("was not reloaded") && !wrong.contains("restart needed"))
            for text in [pinned(digest), Configurations.yaml(), pinned(digest.uppercased())] {
                try folder.write("config.yaml", text)
                #expect(try await program.reload().contains("the configuration was reloaded"))
            }
            program.stop()
        }
    }

    @Test("plugins are added and removed, and one with changed settings is created again")
    func plugins() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            let without = Configurations.yaml(refresh: false).replacing("  - introspection\n", with: "")
            try folder.write("config.yaml", without)
            #expect(try await program.reload().contains("was reloaded"))
            #expect(
                try program.post("/auth/introspect", [("token", "x")], as: ("service", Configurations.secret)).status
                    == 404)
            let prefixed = Configurations.yaml().replacing(
                "  - opaque-token", with: "  - { plugin: opaque-token, settings: { prefix: new_ } }")
            try folder.write("config.yaml", prefixed)
            #expect(try await program.reload().contains("was reloaded"))
            #expect(try program.token("service", Configurations.secret)["access_token"]?.hasPrefix("new_") == true)
            program.stop()
        }
    }

    @Test("no request fails while the configuration is reloaded repeatedly")
    func underLoad() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(format: "jwt", refresh: false))
            let program = try await Program.start(folder, secrets: [Configurations.secret])
            let port = program.port
            let load = Task {
                try await onThread { () -> Int in
                    let body = "grant_type=client_credentials"
                    let request =
                        "POST /auth/token HTTP/1.1\r\nHost: a\r\nAuthorization: \(Form.basic("service", Configurations.secret))\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                    let socket = try HTTPSocket(port: port)
                    var failures = 0
                    for _ in 0..<1500 {
                        socket.write(Array(request.utf8))
                        if try socket.readAnswer().status != 200 { failures += 1 }
                    }
                    return failures
                }
            }
            for _ in 0..<12 { _ = try await program.reload() }
            #expect(try await load.value == 0)
            #expect(program.stop() == 0)
        }
    }
}
