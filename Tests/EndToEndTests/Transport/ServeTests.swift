// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

/// Configurations that the tests of the program share.
enum Configurations {
    static let secret = "a secret of the test service"

    static func yaml(
        listen: String = "{ host: 127.0.0.1, port: 0 }", format: String = "opaque", secret: String = secret,
        refresh: Bool = true, more: String = ""
    ) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: \(listen)
        log: { level: debug, format: json }
        plugins:
          - plugin: sqlite-store
            settings: { path: var/grantor.db }
          - opaque-token
          - jwt-token
          - client-credentials
          - refresh-token
          - introspection
        default_token_format: \(format)
        clients:
          - id: service
            secret: "\(secret)"
            grant_types: [client_credentials]
            scope: [read, write]
            auth: { client_credentials: { refresh_token: \(refresh) } }
        \(more)
        """
    }
}

@Suite("The program with its libraries", .timeLimit(.minutes(10)))
struct ServeTests {
    @Test("from config.yaml to a verified token, and the keys survive a restart")
    func fromFileToToken() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(format: "jwt"))
            let program = try await Program.start(folder, secrets: [Configurations.secret])
            let answer = try program.token("service", Configurations.secret)
            #expect(answer.status == 200 && answer.header("cache-control") == "no-store")
            let keys = try program.get("/.well-known/jwks.json")
            #expect(program.stop() == 0)
            let again = try await Program.start(folder, secrets: [Configurations.secret])
            #expect(try again.get("/.well-known/jwks.json").body == keys.body)
            let token = try #require(answer["access_token"])
            let active = try again.post("/auth/introspect", [("token", token)], as: ("service", Configurations.secret))
            #expect(active.json["active"] == true)
            #expect(again.stop() == 0)
            let listed = try Command.grantor("keys", "list", in: folder)
            #expect(listed.output.contains(keys.json["keys"]?.elements.first?["kid"]?.string ?? "?"))
        }
    }

    @Test("the shipped configuration runs, and the command that it prints works as pasted")
    func shipped() async throws {
        try await Folder.with { folder in
            let shipped = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
            try folder.write("config.yaml", shipped.replacing("port: 8080", with: "port: 0"))
            let program = try await Program.start(folder)
            defer { program.stop() }
            for plugin in [
                "sqlite-store", "jwt-token", "opaque-token", "client-credentials", "refresh-token", "introspection",
            ] {
                #expect(
                    program.output.contains("\(Build.products)/lib\(plugin).so")
                        || program.output.contains("lib\(plugin).so"))
            }
            let line = try #require(program.output.components(separatedBy: "\n").first { $0.contains("curl") })
            let pasted = try Command.shell(line.replacing(":8080/", with: ":\(program.port)/"), in: folder)
            let answer = try JSON(parsing: pasted.output)
            #expect(
                answer["token_type"] == "Bearer" && answer["access_token"]?.string?.split(separator: ".").count == 3)
        }
    }

    @Test("two processes that start at once on a new store share one key")
    func racingStarts() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let starts = (0..<2).map { _ in Task { try await Program.start(folder) } }
            var programs: [Program] = []
            for start in starts { if let program = try? await start.value { programs.append(program) } }
            try #require(programs.count == 2, "both must start")
            let keys = try programs.map { try $0.get("/.well-known/jwks.json").body }
            #expect(keys[0] == keys[1] && keys[0].contains("ES256"))
            for program in programs { #expect(program.stop() == 0) }
        }
    }

    @Test("a server loads only the libraries that its configuration names, and serves only their routes")
    func onlyWhatIsNamed() async throws {
        try await Folder.with { folder in
            try folder.write(
                "config.yaml",
                """
                issuer: http://127.0.0.1:8080
                listen: { port: 0 }
                plugins: [memory-store, jwt-token, client-credentials]
                clients: [{ id: a, secret: b-secret, grant_types: [client_credentials] }]
                """)
            let program = try await Program.start(folder)
            defer { program.stop() }
            let maps = try Command.shell("cat /proc/\(program.pid)/maps", in: folder).output
            for library in ["libmemory-store.so", "libjwt-token.so", "libclient-credentials.so"] {
                #expect(maps.contains(library))
            }
            for library in [
                "libsqlite-store.so", "librefresh-token.so", "libintrospection.so", "libopaque-token.so", "libsqlite3",
            ] {
                #expect(!maps.contains(library))
            }
            #expect(try program.post("/auth/introspect", [("token", "x")], as: ("a", "b-secret")).status == 404)
            let refresh = try program.post("/auth/token", [("grant_type", "refresh_token")], as: ("a", "b-secret"))
            #expect(refresh["error"] == "unsupported_grant_type")
        }
    }

    @Test("health and metrics have a separate listener if one is configured")
    func monitoring() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(more: "monitoring: { port: 0 }"))
            let program = try await Program.start(folder)
            defer { program.stop() }
            var port: UInt16?
            try await Patience.wait {
                port = program.output.firstMatch(of: /monitoring +http:\/\/[^\n]*:(\d+)\//).flatMap { UInt16($0.1) }
                return port != nil
            }
            let other = try #require(port)
            #expect(try program.get("/health/live", port: other).body == "live\n")
            #expect(try program.get("/health/ready", port: other).body == "ready\n")
            _ = try program.token("service", "wrong")
            let metrics = try program.get("/metrics", port: other).body
            #expect(
                metrics.contains(
                    #"grantor_requests_total{endpoint="token",grant="client_credentials",outcome="invalid_client"} 1"#))
            #expect(
                metrics.contains("grantor_hashing_queue 0") && metrics.contains("grantor_store_purge_behind_seconds"))
            #expect(try program.get("/metrics").status == 404)
            #expect(try program.get("/.well-known/jwks.json", port: other).status == 404)
        }
    }

    @Test("on SIGTERM, requests in progress finish and the status is 0")
    func drains() async throws {
        try await Folder.with { folder in
            // Long limits, since the threads of tests may be slow.
            let listen = "{ host: 127.0.0.1, port: 0, body_timeout: 100s }"
            try folder.write("config.yaml", Configurations.yaml(listen: listen, more: "shutdown_limit: 2m"))
            let program = try await Program.start(folder)
            let body = "grant_type=client_credentials"
            let socket = try HTTPSocket(port: program.port)
            socket.write(
                Array(
                    "POST /auth/token HTTP/1.1\r\nHost: a\r\nAuthorization: \(Form.basic("service", Configurations.secret))\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n\(body.dropLast(5))"
                        .utf8))
            #expect(try socket.readAnswer().status == 100, "the request is in progress")
            kill(program.pid, SIGTERM)
            try await Task.sleep(for: .milliseconds(500))
            socket.write(Array(body.suffix(5).utf8))
            #expect(try socket.readAnswer().status == 200)
            #expect(program.stop() == 0)
        }
    }

    @Test("an address in use is named")
    func taken() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            defer { program.stop() }
            try folder.write("second.yaml", Configurations.yaml(listen: "{ port: \(program.port) }"))
            let second = try Command.grantor("serve", "--config", "second.yaml", in: folder)
            #expect(
                second.status != 0 && second.errors.contains("cannot listen on 127.0.0.1:\(program.port)"),
                "\(second.errors)")
        }
    }

    @Test("a secret imported as a slow hash is distinguished from a wrong one, before and after its first use")
    func slowHash() async throws {
        try await Folder.with { folder in
            let hash = "$s0$e0801$MDEyMzQ1Njc4OWFiY2RlZg==$Uu3R7gJqiAFtHT+aJ9EzjncgtWTvmMWyROih7o5fE4o="
            try folder.write("config.yaml", Configurations.yaml(secret: hash))
            let program = try await Program.start(folder, secrets: ["brought along", hash])
            for (secret, status) in [
                ("x", 401), ("brought along", 200), ("x", 401), ("brought along", 200), (hash, 401),
            ] {
                #expect(try program.token("service", secret).status == status)
            }
            #expect(try await program.reload().contains("was reloaded"))
            #expect(try program.token("service", "x").status == 401)
            #expect(try program.token("service", "brought along").status == 200)
            #expect(program.stop() == 0)
        }
    }

    @Test("the log has one JSON object per line, each with its request id")
    func logs() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder, secrets: [Configurations.secret, "not the one of 1977"])
            _ = try program.token("service", "not the one of 1977")
            _ = try program.token("service\n\"forged\":1", "x")
            let token = try program.token("service", Configurations.secret)
            _ = try program.post(
                "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token["refresh_token"] ?? "")],
                as: ("service", Configurations.secret))
            program.stop()
            let lines = program.log.split(separator: "\n")
            #expect(lines.count >= 6)
            for line in lines {
                let entry = try JSON(parsing: String(line))
                #expect(
                    entry["time"]?.string?.hasPrefix("20") == true && entry["level"] != nil && entry["request"] != nil,
                    "\(line)")
            }
        }
    }
}
