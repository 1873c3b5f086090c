// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("Commands for clients that authenticate with keys", .timeLimit(.minutes(10)))
struct ClientKeysTests {
    private static let method = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    private static let robot = "{ id: robot, jwks: @robot@, grant_types: [client_credentials], scope: [read] }"

    /// Makes a folder with a configuration that loads the plugin, and with keys 'robot' and 'other' in PEM.
    private func with(plugin: Bool = true, _ body: (Folder) async throws -> Void) async throws {
        try await Folder.with { folder in
            for name in ["robot", "other"] {
                let made = try Command.shell(
                    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out \(name).pem"
                        + " && openssl pkey -in \(name).pem -pubout -out \(name).pub", in: folder)
                #expect(made.status == 0, "\(made)")
            }
            try write(folder, plugin: plugin)
            try await body(folder)
        }
    }

    private func write(_ folder: Folder, plugin: Bool = true, clients: String = "") throws {
        let more =
            plugin ? "{ plugin: client-assertion, settings: { methods: [private_key_jwt, client_secret_jwt] } }" : ""
        try folder.write(
            "config.yaml",
            """
            issuer: http://127.0.0.1:8080
            listen: { host: 127.0.0.1, port: 0 }
            plugins: [sqlite-store, opaque-token, client-credentials, introspection, \(more)]
            clients: [{ id: service, secret: demo-service, grant_types: [client_credentials] }, \(clients)]
            """)
    }

    private func clients(_ folder: Folder, _ arguments: String...) throws -> Ended {
        try Command.run(Build.program, ["clients"] + arguments, in: folder)
    }

    private func post(_ assertion: String, to program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token",
            [
                ("grant_type", "client_credentials"), ("client_assertion", assertion),
                ("client_assertion_type", Self.method),
            ])
    }

    // MARK: clients add

    @Test("a client is added with its public key, gets no secret, and authenticates with an assertion")
    func added() async throws {
        try await with { folder in
            let made = try clients(
                folder, "add", "robot", "--jwks", "robot.pub", "--grant", "client_credentials", "--scope", "read")
            #expect(made.status == 0 && made.output == "client_id      robot\n", "\(made)")
            let shown = try clients(folder, "show", "robot").output
            #expect(shown.contains("no secret: it authenticates by private_key_jwt"), "\(shown)")
            let program = try await Program.start(folder, secrets: ["demo-service"])
            defer { program.stop() }
            let printed = try clients(folder, "assertion", "robot", "--key", "robot.pem").output
            let assertion = printed.trimmingCharacters(in: .newlines)
            program.remember(assertion)
            #expect(try post(assertion, to: program).json["scope"] == "read", "\(program.log)")
            #expect(try post(assertion, to: program).status == 401)
            let wrong = try clients(folder, "assertion", "robot", "--key", "other.pem").output
            #expect(try post(wrong.trimmingCharacters(in: .newlines), to: program).status == 401)
        }
    }

    @Test("keys come from a key set, from standard input or from an address, and with a method")
    func sources() async throws {
        try await with { folder in
            let piped = try Command.shell(
                "\(Build.program) clients add piped --grant client_credentials --jwks - < robot.pub", in: folder)
            #expect(piped.status == 0 && !piped.output.contains("client_secret"), "\(piped)")
            let document = try JSON(parsing: String(try clients(folder, "show", "piped").output.prefix { $0 != "\n" }))
            try folder.write("set.json", try #require(document["jwks"]).text)
            let set = try clients(folder, "add", "set", "--grant", "client_credentials", "--jwks", "set.json")
            #expect(set.status == 0 && !set.output.contains("client_secret"), "\(set)")
            let fetched = try clients(
                folder, "add", "fetched", "--grant", "client_credentials", "--auth-method", "private_key_jwt",
                "--jwks-uri", "https://robot.example.com/keys.json")
            #expect(fetched.status == 0 && !fetched.output.contains("client_secret"), "\(fetched)")
            let shown = try clients(folder, "show", "fetched").output
            #expect(shown.contains(#""token_endpoint_auth_method":"private_key_jwt""#), "\(shown)")
            let posted = try clients(
                folder, "add", "posted", "--grant", "client_credentials", "--auth-method", "client_secret_post")
            #expect(posted.status == 0 && posted.output.contains("client_secret  "), "\(posted)")
        }
    }

    /// Options that are refused, and the words that say why.
    static let refused: [(rule: String, options: [String], words: String)] = [
        ("two sources", ["--jwks", "robot.pub", "--jwks-uri", "https://a.example/"], "a client has one of the two"),
        ("a public client", ["--public", "--jwks", "robot.pub"], "--public and --jwks cannot be combined"),
        ("a public client's set", ["--public", "--jwks-uri", "https://a.example/"], "--public and --jwks-uri"),
        (
            "a public client's method", ["--public", "--auth-method", "client_secret_post"],
            "--public and --auth-method"
        ),
        ("a secret too", ["--secret-file", "robot.pub", "--jwks", "robot.pub"], "need --auth-method"),
        ("standard input twice", ["--document", "-", "--jwks", "-"], "only one of --document"),
        ("a private key", ["--jwks", "robot.pem"], "'openssl pkey -pubout' writes"),
        ("no key", ["--jwks", "config.yaml"], "neither a key set nor a public key in PEM"),
        ("no file", ["--jwks", "none"], "'none' cannot be read"),
        ("no https", ["--jwks-uri", "http://robot.example.com/"], "'jwks_uri' must be an https URL"),
        ("a method without keys", ["--auth-method", "private_key_jwt"], "add 'jwks' or 'jwks_uri'"),
        ("an unknown method", ["--auth-method", "private_key_jwd"], "known values: client_secret_basic"),
        ("a method with a readable secret", ["--auth-method", "client_secret_jwt"], "keeps no readable secret"),
    ]

    @Test("says what is wrong and what to do", arguments: refused)
    func refuses(_ rule: String, _ options: [String], _ words: String) async throws {
        try await with { folder in
            let arguments = ["clients", "add", "x", "--grant", "client_credentials"] + options
            let ended = try Command.run(Build.program, arguments, in: folder)
            #expect(ended.status != 0 && ended.errors.contains(words), "\(rule): \(ended.errors)")
            #expect(try !clients(folder, "list").output.contains("\nx "), "\(rule)")
        }
    }

    @Test("without a plugin that reads keys, the command warns that they have no effect")
    func noPlugin() async throws {
        try await with(plugin: false) { folder in
            let made = try clients(folder, "add", "robot", "--jwks", "robot.pub", "--grant", "client_credentials")
            #expect(made.status == 0 && made.errors.contains("'jwks' of client 'robot' has no effect"), "\(made)")
        }
    }

    // MARK: clients assertion

    @Test("a key that is not one of the declared client's keys signs nothing")
    func otherKey() async throws {
        try await declared { folder, _ in
            let ended = try clients(folder, "assertion", "robot", "--key", "other.pem")
            #expect(ended.status != 0 && ended.output.isEmpty)
            #expect(ended.errors.contains("not the private half of one of the client's keys"), "\(ended)")
            let none = try clients(folder, "assertion", "robot", "--key", "robot.pub")
            #expect(none.errors.contains("it is a public key or a certificate, not a private key"), "\(none)")
        }
    }

    // MARK: try

    /// Serves a declared client 'robot' with a key.
    private func declared(_ body: (Folder, Program) async throws -> Void) async throws {
        try await with { folder in
            #expect(
                try clients(folder, "add", "copy", "--jwks", "robot.pub", "--grant", "client_credentials").status == 0)
            let document = try JSON(parsing: String(try clients(folder, "show", "copy").output.prefix { $0 != "\n" }))
            let keys = try #require(document["jwks"]).text
            try write(folder, clients: Self.robot.replacing("@robot@", with: keys))
            let program = try await Program.start(folder, secrets: ["demo-service"])
            defer { program.stop() }
            try await body(folder, program)
        }
    }

    private func attempt(_ folder: Folder, _ program: Program, _ arguments: String...) throws -> Ended {
        let server = "http://127.0.0.1:\(program.port)"
        return try Command.run(
            Build.program, ["try", "client_credentials", "--server", server] + arguments, in: folder)
    }

    @Test("with --key, the client that uses a key is tried, and the printed command works as often as it is pasted")
    func tried() async throws {
        try await declared { folder, program in
            let ended = try attempt(folder, program, "--key", "robot.pem")
            #expect(ended.status == 0 && ended.output.hasPrefix("Client 'robot' tries"), "\(ended)")
            #expect(ended.output.contains("HTTP 200") && ended.output.contains("\"access_token\""))
            let line = try #require(ended.output.components(separatedBy: "\n").first { $0.hasPrefix("curl ") })
            #expect(line.contains("\"client_assertion=$(\(Build.program) clients assertion robot --key robot.pem)\""))
            for _ in 0..<2 {
                let answer = try JSON(parsing: try Command.shell(line, in: folder).output)
                #expect(answer["access_token"]?.string != nil, "\(answer)")
            }
        }
    }

    @Test("names of files and configurations with spaces are quoted in the printed command")
    func quoted() async throws {
        try await declared { folder, program in
            try FileManager.default.moveItem(
                atPath: "\(folder.path)/robot.pem", toPath: "\(folder.path)/the robot's.pem")
            try FileManager.default.copyItem(
                atPath: "\(folder.path)/config.yaml", toPath: "\(folder.path)/my config.yaml")
            let ended = try attempt(folder, program, "--key", "the robot's.pem", "--config", "my config.yaml")
            let line = try #require(
                ended.output.components(separatedBy: "\n").first { $0.hasPrefix("curl ") }, "\(ended)")
            #expect(line.contains("--config 'my config.yaml'"))
            let answer = try JSON(parsing: try Command.shell(line, in: folder).output)
            #expect(answer["access_token"]?.string != nil, "\(line)")
        }
    }

    @Test("a client and a key that do not belong together are refused, and the message says what to do")
    func mismatches() async throws {
        try await declared { folder, program in
            let cases: [([String], String)] = [
                (["--client", "robot"], "name the file that contains it with --key"),
                (["--client", "service", "--key", "robot.pem"], "does not authenticate with a key; leave out --key"),
                (["--key", "other.pem"], "not the private half of one of the client's keys"),
                (["--key", "-"], "--key must name a file"), (["--key", "none.pem"], "'none.pem' cannot be read"),
            ]
            for (arguments, words) in cases {
                let server = "http://127.0.0.1:\(program.port)"
                let all = ["try", "client_credentials", "--server", server] + arguments
                let ended = try Command.run(Build.program, all, in: folder)
                #expect(ended.status != 0 && ended.errors.contains(words), "\(arguments): \(ended)")
            }
        }
    }
}
